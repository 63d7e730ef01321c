// A pod as a node would run it, by podman: what a kubelet does with a manifest (volumes with their owners, modes and links, user,
// rights, probes), as far as a manifest of ours asks for it. What it does not know it refuses.
import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, run } from "../containers/command.ts";
import { imageName } from "../containers/image.ts";
import type { ImageStore } from "../containers/image-store.ts";
import type { Container, PodSpec, Probe, Volume } from "./manifests.ts";

/** The objects that the pod's volumes come from: their keys and contents, by `configMap/name` and `secret/name`. */
export type Objects = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ProbeAnswer {
  readonly status: number;
  readonly text: string;
}

export class Pod {
  readonly #spec: PodSpec;
  readonly #folder: string;
  readonly #store: ImageStore;
  #version = 0;
  #processId = "";

  /** `folder`: for its volumes; a volume for the state that is there already is used again, as a PersistentVolumeClaim is. */
  constructor(spec: PodSpec, store: ImageStore, folder: string) {
    const { automountServiceAccountToken, enableServiceLinks, terminationGracePeriodSeconds, ...more } = spec;
    assert.deepEqual([automountServiceAccountToken, enableServiceLinks], [false, false]);
    assert.ok(terminationGracePeriodSeconds > 0);
    assert.deepEqual(Object.keys(more).toSorted(), ["containers", "securityContext", "volumes"]);
    this.#spec = spec;
    this.#store = store;
    this.#folder = folder;
  }

  get container(): Container {
    const [container] = this.#spec.containers;
    assert.ok(container !== undefined);
    return container;
  }

  /** Fills the volumes and starts the container, in a network of its own that leads nowhere. */
  async start(objects: Objects): Promise<void> {
    for (const volume of this.#spec.volumes) this.#prepare(volume);
    this.update(objects);
    const { name, args, env, securityContext: rights, volumeMounts } = this.container;
    const { runAsUser, runAsGroup, fsGroup, seccompProfile } = this.#spec.securityContext;
    assert.deepEqual([seccompProfile.type, rights.capabilities.drop], ["RuntimeDefault", ["ALL"]]);
    assert.deepEqual([rights.allowPrivilegeEscalation, rights.readOnlyRootFilesystem], [false, true]);
    const options = [
      "--user",
      `${runAsUser}:${runAsGroup}`,
      "--group-add",
      String(fsGroup),
      "--log-driver",
      "k8s-file",
      ...env.flatMap((variable) => ["--env", `${variable.name}=${variable.value ?? ""}`]),
      ...volumeMounts.flatMap(({ name: volume, mountPath, readOnly }) => [
        "--volume",
        `${join(this.#folder, volume)}:${mountPath}:${readOnly === true ? "ro" : "rw"}`,
      ]),
    ];
    // Whatever the manifest calls it: the image is the one that was built here.
    await this.#store.start(name, imageName, options, args);
    this.#processId = await this.#store.podman(["inspect", "--format", "{{.State.Pid}}", name]);
  }

  /**
   * Puts new contents into the volumes, as a kubelet does: all files of a volume change at once, by a link that is put in the
   * place of the one before.
   */
  update(objects: Objects): void {
    for (const { name, configMap, secret } of this.#spec.volumes) {
      const source = configMap === undefined ? `secret/${secret?.secretName}` : `configMap/${configMap.name}`;
      const files = objects[source];
      if (files === undefined) continue;
      this.#version += 1;
      this.#swap(join(this.#folder, name), files, secret?.defaultMode ?? 0o644);
    }
  }

  /** As a node asks, from outside of the container. */
  async probe({ httpGet }: Probe): Promise<ProbeAnswer> {
    const port = this.container.ports.find(({ name }) => name === httpGet.port)?.containerPort;
    const url = `http://127.0.0.2:${port}${httpGet.path}`;
    const ask = `const r = await fetch(${JSON.stringify(url)}); console.log(JSON.stringify({ status: r.status, text: await r.text() }))`;
    const program = [process.execPath, "--input-type=module", "--eval", ask];
    const { code, stdout, stderr } = await attempt("nsenter", [...this.network, ...program]);
    return code === 0 ? (JSON.parse(stdout) as ProbeAnswer) : { status: 0, text: stderr };
  }

  /** The options of nsenter that lead into its network. */
  get network(): readonly string[] {
    return ["--target", this.#processId, "--net"];
  }

  /** What `kubectl exec` does. */
  async exec(
    args: readonly string[],
    input = "",
  ): Promise<{ readonly code: number | undefined; readonly text: string }> {
    const { code, stdout, stderr } = await this.#store.tryPodman(
      ["exec", "--interactive", this.container.name, ...args],
      {
        input,
      },
    );
    return { code, text: stdout + stderr };
  }

  /** What `kubectl logs` shows. */
  async logs(): Promise<string> {
    const { stdout, stderr } = await this.#store.tryPodman(["logs", this.container.name]);
    return stdout + stderr;
  }

  /** Ends it as the deletion of a pod does. Its exit code. */
  async stop(): Promise<number> {
    const { name } = this.container;
    await this.#store.podman(["stop", "--time", String(this.#spec.terminationGracePeriodSeconds), name]);
    const code = Number(await this.#store.podman(["inspect", "--format", "{{.State.ExitCode}}", name]));
    await this.#store.podman(["rm", name]);
    return code;
  }

  #prepare({ name, persistentVolumeClaim, emptyDir, configMap, secret }: Volume): void {
    const path = join(this.#folder, name);
    const { fsGroup } = this.#spec.securityContext;
    if (configMap !== undefined || secret !== undefined) rmSync(path, { recursive: true, force: true });
    else assert.ok(persistentVolumeClaim !== undefined || emptyDir !== undefined, name);
    const isThere = existsSync(path);
    mkdirSync(path, { recursive: true });
    // OnRootMismatch: what has the right owner already is left as it is.
    if (isThere) return;
    chownSync(path, 0, fsGroup);
    chmodSync(path, emptyDir === undefined ? 0o2775 : 0o2777);
  }

  #swap(path: string, files: Readonly<Record<string, string>>, mode: number): void {
    const { fsGroup } = this.#spec.securityContext;
    const version = `..version-${this.#version}`;
    mkdirSync(join(path, version));
    for (const [file, text] of Object.entries(files)) {
      const at = join(path, version, file);
      writeFileSync(at, text);
      chownSync(at, 0, fsGroup);
      // A group of its own may read it, whatever the mode says.
      chmodSync(at, mode | 0o440);
    }
    chmodSync(join(path, version), 0o2755);
    symlinkSync(version, join(path, "..data_tmp"));
    renameSync(join(path, "..data_tmp"), join(path, "..data"));
    for (const file of Object.keys(files)) {
      if (!existsSync(join(path, file))) symlinkSync(`..data/${file}`, join(path, file));
    }
  }
}

/** Makes all in this folder open to the group, as a kubelet does to a volume whose root has another owner. */
export async function openToGroup(path: string, group: number): Promise<void> {
  await run("chgrp", ["--recursive", String(group), path]);
  await run("chmod", ["--recursive", "g+rwX", path]);
}
