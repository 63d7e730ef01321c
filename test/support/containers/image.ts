// The container image, built from the Dockerfile as anybody builds it, over stand-ins for its bases.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { artifactOnce } from "../artifacts.ts";
import {
  baseName,
  baseSettings,
  builderName,
  makeBase,
  makeBuilder,
  nodeOfThisMachine,
  type Architecture,
} from "./base-images.ts";
import { run } from "./command.ts";
import { ImageStore } from "./image-store.ts";

const root = join(import.meta.dirname, "../../..");

/** As compose.yaml and the documentation call it. */
export const imageName = "cloudflare-cname-switcher";

/** A file with the image under its name, for `podman load` and `docker load`. Built once for all checks. Needs root. */
export function imageArchive(): Promise<string> {
  return artifactOnce("image", async (folder) => {
    await using store = newStore();
    await importBases(store, folder);
    await store.build(root, imageName);
    const archive = join(folder, "image.tar");
    await store.podman(["save", "--format", "docker-archive", "--output", archive, imageName]);
    return archive;
  });
}

/** Makes the images that the Dockerfile names, in a folder that may go afterwards: one to build in, one for `target`. */
export async function importBases(
  store: ImageStore,
  folder: string,
  target: { readonly architecture: Architecture; readonly node: string } = {
    architecture: "amd64",
    node: nodeOfThisMachine(),
  },
): Promise<void> {
  const builder = await makeBuilder(folder, nodeOfThisMachine());
  await store.importRoot(builder, builderName, ['CMD ["node"]']);
  const base = await makeBase(folder, target.architecture, target.node);
  await store.importRoot(base, baseName, baseSettings, target.architecture);
  for (const archive of [builder, base]) rmSync(archive);
}

/** A storage that goes with the scope of `await using`. */
export function newStore(): ImageStore {
  return new ImageStore(mkdtempSync(join(tmpdir(), "ccs-images-")));
}

export interface ImageConfig {
  readonly architecture: string;
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly WorkingDir: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Volumes: Readonly<Record<string, unknown>>;
    readonly ExposedPorts: Readonly<Record<string, unknown>>;
    readonly Healthcheck: { readonly Test: readonly string[]; readonly Interval: number };
  };
}

/** What an archive says of its image, and the files of its layers in order, the base's first. */
export async function unpackImage(
  archive: string,
  folder: string,
): Promise<{ readonly config: ImageConfig; readonly layers: readonly string[] }> {
  mkdirSync(folder, { recursive: true });
  await run("tar", ["--extract", "--file", archive, "-C", folder]);
  const [manifest] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
    Config: string;
    Layers: string[];
  }[];
  if (manifest === undefined) throw new Error(`${archive} holds no image`);
  const config = JSON.parse(readFileSync(join(folder, manifest.Config), "utf8")) as ImageConfig;
  return { config, layers: manifest.Layers.map((name) => join(folder, name)) };
}
