// Whether others than their owner may read the files that hold tokens.
import { statSync, type Stats } from "node:fs";
import { Secret } from "../../lib/secret.ts";
import { shellWord } from "../../lib/text.ts";
import type { LoadResult } from "../../config/load.ts";
import type { ExposedFile } from "../../assembly/ports.ts";
import { largestConfigBytes, readText } from "../../config/format/files.ts";
import { readFromDisk } from "./read-file.ts";

const groupMayRead = 0o040;
const othersMayRead = 0o004;

/**
 * The configuration file, if it contains a token, and the files of tokens, as far as others than user `userId` may read
 * them.
 */
export function exposedFiles(
  path: string,
  { config, tokenFiles }: Extract<LoadResult, { kind: "ok" }>,
  userId: number | undefined,
): readonly ExposedFile[] {
  const exposed = tokenFiles.flatMap((file) => {
    const who = readersOf(file, userId);
    return who === undefined
      ? []
      : [{ path: file, detail: `${who} can read the token in ${file}`, remedy: `chmod 600 ${shellWord(file)}` }];
  });
  const who = readersOf(path, userId);
  if (who === undefined) return exposed;
  const content = readText(path, readFromDisk, largestConfigBytes);
  const ofChannels = config.notify.flatMap(({ settings }) => secretsIn(settings));
  const tokens = [config.cloudflare.token, ...ofChannels, config.http.token];
  const isToken =
    content.kind === "text" && tokens.some((token) => token !== undefined && content.text.includes(token.reveal()));
  if (!isToken) return exposed;
  const remedy = `chmod 600 ${shellWord(path)}, or keep the token in the environment: token: \${CLOUDFLARE_API_TOKEN}`;
  return [{ path, detail: `${who} can read the token in ${path}`, remedy }, ...exposed];
}

/** All secrets in plain data. */
function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}

/**
 * Who else may read a regular file. A group may be the very way by which the daemon reads a file of root's; only where
 * it owns the file does it need no group.
 */
function readersOf(path: string, userId: number | undefined): string | undefined {
  const status = statusOf(path);
  if (status?.isFile() !== true) return undefined;
  if ((status.mode & othersMayRead) !== 0) return "every user of this machine";
  return (status.mode & groupMayRead) !== 0 && status.uid === userId ? "its group" : undefined;
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // That it cannot be read is told by the load.
    return undefined;
  }
}
