// How ccs is to run once its configuration is written: asked last, since it decides where tokens are kept and what comes next.
import { dirname, resolve } from "node:path";
import { shellWord } from "../../lib/text.ts";
import { isContainer } from "../container.ts";
import { systemPlaces } from "../service/unit-text.ts";
import { askChoice } from "./prompts.ts";

export type RunMode =
  | "service"
  | "docker"
  /** In a terminal, or by something else. */
  | "manual"
  /** It runs in the container image already. */
  | "in-container";

export async function askWay(): Promise<RunMode> {
  if (isContainer(process.env)) return "in-container";
  return askChoice("How should ccs run?", [
    { value: "service", label: "As a service (systemd)", hint: "starts with the machine, restarts by itself" },
    { value: "docker", label: "In a container (Docker)", hint: "with the compose.yaml of ccs" },
    { value: "manual", label: "By hand", hint: "in a terminal, or by a tool of yours" },
  ]);
}

/** Token files that are put beside the configuration, by what ccs calls them. */
export const tokenFiles = {
  service: {
    cloudflare: "credentials/cloudflare-token",
    http: "credentials/http-token",
  },
  docker: { cloudflare: "cloudflare_token" },
} as const;

/** What to type next, one command a line. `variables` have to be set; `isUsual`: the file is found without being named. */
export function nextSteps(
  way: RunMode,
  {
    file,
    isUsual,
    variables,
  }: { readonly file: string; readonly isUsual: boolean; readonly variables: readonly string[] },
): readonly string[] {
  const option = isUsual ? "" : ` --config ${shellWord(file)}`;
  switch (way) {
    case "in-container":
      return [
        "docker compose run --rm ccs doctor   check everything",
        "docker compose run --rm ccs plan     show what would be written",
        "docker compose up --detach           go",
      ];
    case "service": {
      const { folder, config } = systemPlaces;
      return [
        `ccs doctor${option}   check everything`,
        `ccs plan${option}     show what would be written`,
        ...(resolve(file) === config
          ? []
          : [
              // Whatever the umask of root: the service is another user.
              `sudo install -d -m 0755 ${folder}`,
              `sudo install -m 0644 ${shellWord(file)} ${config}`,
              `sudo cp -R ${shellWord(besides(file, "credentials"))} ${folder}/`,
            ]),
        "sudo ccs service install   show the unit, and start it",
        "systemctl status ccs",
      ];
    }
    case "docker":
      // These are typed in another folder, which may be the one where the files are.
      return [
        "in the folder with the compose.yaml of ccs:",
        "sudo install -d -m 0700 config secrets",
        `sudo mv ${shellWord(resolve(file))} config/config.yml`,
        `sudo mv ${shellWord(resolve(besides(file, tokenFiles.docker.cloudflare)))} secrets/cloudflare_token`,
        "sudo chown -R 65532:65532 config secrets",
        "docker compose run --rm ccs doctor   check everything",
        "docker compose up --detach           go",
      ];
    case "manual":
      return [
        ...variables.map((name) => `export ${name}=…`),
        `ccs doctor${option}    check everything`,
        `ccs explain${option}   explain times and costs`,
        `ccs plan${option}      show what would be written`,
        `ccs run${option}       go`,
      ];
    default:
      return way satisfies never;
  }
}

/** The path of a file beside the configuration, as the configuration was named. */
export function besides(file: string, name: string): string {
  const folder = dirname(file);
  return folder === "." ? name : `${folder}/${name}`;
}
