// How ccs is to run once its configuration is written: asked last, since it decides where tokens are kept and what
// comes next.
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { given } from "../../config/format/variables.ts";
import { shellWord } from "../../lib/text.ts";
import { isContainer } from "../container.ts";
import { credentialName, systemPlaces } from "../service/unit-text.ts";
import { hasSystemd } from "../service/host.ts";
import { askChoice, type Option } from "./prompts.ts";

/** Where the token of the dashboard is, when tokens are to be in the environment. */
export const httpVariable = "CCS_HTTP_TOKEN";

export type RunMode =
  | "service"
  | "docker"
  /** In a terminal, or by something else. */
  | "manual"
  /** It runs in the container image already. */
  | "in-container";

export async function askWay(): Promise<RunMode> {
  if (isContainer(process.env)) return "in-container";
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const hasDocker = ["docker", "podman"].some((name) => folders.some((folder) => existsSync(join(folder, name))));
  return askChoice("How should ccs run?", waysOn({ hasSystemd: hasSystemd("/"), hasDocker }));
}

/**
 * The ways to choose from on such a machine, the best first. What does not work on it comes last, and says so: the file
 * may be meant for another machine.
 */
export function waysOn({
  hasSystemd: isServed,
  hasDocker,
}: {
  readonly hasSystemd: boolean;
  readonly hasDocker: boolean;
}): readonly Option<Exclude<RunMode, "in-container">>[] {
  const service = {
    value: "service",
    label: "As a service (systemd)",
    hint: isServed ? "starts with the machine, restarts by itself" : "on another machine: systemd does not run here",
  } as const;
  const docker = {
    value: "docker",
    label: "In a container (Docker)",
    hint: hasDocker ? "with the compose.yaml of ccs" : "on another machine: there is no Docker here",
  } as const;
  const manual = { value: "manual", label: "By hand", hint: "in a terminal, or by a tool of yours" } as const;
  // What is asked here was started by hand, so that works in any case.
  const works = [...(isServed ? [service] : [manual]), ...(hasDocker ? [docker] : []), ...(isServed ? [manual] : [])];
  return [...works, ...(isServed ? [] : [service]), ...(hasDocker ? [] : [docker])];
}

/** The file with a secret, beside the configuration of a service. */
export function credentialFile(of: string, key: string): string {
  return `credentials/${credentialName(of, key)}`;
}

/** Token files that are put beside the configuration, by what ccs calls them. */
export const tokenFiles = {
  service: {
    cloudflare: credentialFile("cloudflare", "token"),
    http: credentialFile("http", "token"),
  },
  docker: { cloudflare: "cloudflare_token" },
} as const;

interface NextOptions {
  readonly ccs: string;
  readonly file: string;
  readonly isUsual: boolean;
  readonly variables: readonly string[];
}

/**
 * What to type next, one command a line. `ccs`: what starts this program here. `variables` have to be set; `isUsual`:
 * the file is found without being named.
 */
export function nextSteps(way: RunMode, { ccs, file, isUsual, variables }: NextOptions): readonly string[] {
  const option = isUsual ? "" : ` --config ${shellWord(file)}`;
  switch (way) {
    case "in-container":
      return [
        "docker compose run --rm ccs doctor   # check everything",
        "docker compose run --rm ccs plan     # show what would be written",
        "docker compose up --detach           # go",
      ];
    case "service": {
      const { folder, config } = systemPlaces;
      return [
        `${ccs} doctor${option}   # check everything`,
        `${ccs} plan${option}     # show what would be written`,
        ...(resolve(file) === config
          ? []
          : [
              // Whatever the umask of root: the service is another user.
              `sudo install -d -m 0755 ${folder}`,
              `sudo install -m 0644 ${shellWord(file)} ${config}`,
              `sudo cp -R ${shellWord(besides(file, "credentials"))} ${folder}/`,
            ]),
        `sudo ${ccs} service install   # show the unit, and start it`,
        "systemctl status ccs",
      ];
    }
    case "docker":
      // These are typed in another folder, which may be the one where the files are.
      return [
        "in a checkout of ccs, beside its compose.yaml:",
        "sudo install -d -m 0700 config secrets",
        `sudo mv ${shellWord(resolve(file))} config/config.yml`,
        `sudo mv ${shellWord(resolve(besides(file, tokenFiles.docker.cloudflare)))} secrets/cloudflare_token`,
        "sudo chown -R 65532:65532 config secrets",
        "docker compose run --rm ccs doctor   # check everything",
        "docker compose up --detach           # go",
      ];
    case "manual":
      return [
        ...variables.map(variableStep),
        `${ccs} doctor${option}    # check everything`,
        `${ccs} explain${option}   # explain times and costs`,
        `${ccs} plan${option}      # show what would be written`,
        `${ccs} run${option}       # go`,
      ];
    default:
      return way satisfies never;
  }
}

function variableStep(name: string): string {
  if (given(process.env, name) !== undefined) return `# ${name} has to be set, as it is in this shell`;
  return `export ${name}=…${name === httpVariable ? "   # a new one: openssl rand -hex 16" : ""}`;
}

/** The path of a file beside the configuration, as the configuration was named. */
export function besides(file: string, name: string): string {
  const folder = dirname(file);
  return folder === "." ? name : `${folder}/${name}`;
}
