// Images and containers of a test, by buildah and podman: in a storage of their own, which leaves nothing behind.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../programs.ts";
import type { Architecture } from "./base-images.ts";
import { attempt, run, type CommandOptions, type Ended } from "./command.ts";

/** What every container of ccs is run with, and what compose.yaml asks for. */
export const hardening = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges"];

export class ImageStore implements AsyncDisposable {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;

  /** `folder`: for all that it keeps; it has to be there, and goes in the end. */
  constructor(folder: string) {
    this.#folder = folder;
    const conf = join(folder, "containers.conf");
    const storage = join(folder, "storage.conf");
    // Neither limits nor cgroups beyond what this machine grants, and nothing of systemd.
    writeFileSync(
      conf,
      '[containers]\ndefault_ulimits=[]\n[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\n',
    );
    writeFileSync(storage, `[storage]\ndriver="overlay"\ngraphroot="${folder}/graph"\nrunroot="${folder}/run"\n`);
    this.#env = { CONTAINERS_CONF: conf, CONTAINERS_STORAGE_CONF: storage };
  }

  /** Runs a podman command that has to succeed. Its standard output. */
  async podman(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return (await run("podman", this.#words(args), { ...options, env: this.#env })).stdout.trim();
  }

  /** Runs a podman command to its end, whatever that is. */
  tryPodman(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    return attempt("podman", this.#words(args), { ...options, env: this.#env });
  }

  /** Runs a container of ccs to its end, hardened and without a network. */
  runOnce(image: string, args: readonly string[], options: readonly string[] = []): Promise<Ended> {
    return this.tryPodman(["run", "--rm", "--network", "none", ...hardening, ...limits, ...options, image, ...args]);
  }

  /** Starts a container of ccs in the background, hardened and without a network. */
  async start(
    name: string,
    image: string,
    options: readonly string[] = [],
    args: readonly string[] = [],
  ): Promise<void> {
    await this.podman([
      "run",
      "--detach",
      "--name",
      name,
      "--network",
      "none",
      ...hardening,
      ...limits,
      ...options,
      image,
      ...args,
    ]);
  }

  /** Makes an image of the archive of a root file system. */
  async importRoot(
    archive: string,
    name: string,
    settings: readonly string[],
    architecture: Architecture = "amd64",
  ): Promise<void> {
    const changes = settings.flatMap((setting) => ["--change", setting]);
    await this.podman(["import", "--arch", architecture, ...changes, archive, name]);
  }

  /**
   * Builds the Dockerfile of `context`. npm inside trusts what npm on this machine trusts; none of that gets into the image.
   * The time of every file is set to 1970, so that two builds can be compared.
   */
  async build(context: string, name: string, options: readonly string[] = []): Promise<void> {
    const args = [
      "--format",
      "docker",
      "--isolation",
      "chroot",
      "--network",
      "host",
      "--pull-never",
      "--timestamp",
      "0",
    ];
    const authorities = process.env["NODE_EXTRA_CA_CERTS"];
    const mounts: string[] = [];
    if (authorities !== undefined) {
      const npmrc = join(this.#folder, "npmrc");
      writeFileSync(npmrc, "cafile=/run/authorities.crt\n");
      mounts.push("--volume", `${authorities}:/run/authorities.crt:ro`, "--volume", `${npmrc}:/root/.npmrc:ro`);
    }
    await run("buildah", ["bud", ...args, ...mounts, ...options, "--tag", name, context], { env: this.#env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tryPodman(["rm", "--all", "--force", "--time", "0"]);
    await this.tryPodman(["volume", "rm", "--all", "--force"]);
    // What a killed build may leave mounted.
    await attempt("sh", [
      "-c",
      `awk '{print $2}' /proc/mounts | grep '^${this.#folder}/' | sort -r | xargs -r umount --lazy`,
    ]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #words(args: readonly string[]): string[] {
    // crun refuses machines with both versions of cgroups.
    return [...(findProgram("runc") === undefined ? [] : ["--runtime", "runc"]), ...args];
  }
}

/** podman's own would be more than a machine without CAP_SYS_RESOURCE grants. */
const limits = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=4096:4096"];
