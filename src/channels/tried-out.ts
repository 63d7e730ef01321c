// How the questions of `ccs init` about a channel end: it is tried out, and a person decides about what failed.
import type { Finding } from "../lib/finding.ts";
import type { Asker } from "../lib/asker.ts";

/**
 * Shows `message` while `inspect` looks at the channel, and what it found. Resolves to `keep` if all is well; otherwise
 * to the person's choice. `without`: how the choice to go on without this channel reads.
 */
export async function triedOut(
  asker: Asker,
  { message, without }: { readonly message: string; readonly without: string },
  inspect: () => Promise<readonly Finding[]>,
): Promise<"again" | "keep" | "none"> {
  const findings = await asker.findOut(message, inspect, (all) => ({
    isGood: isWell(all),
    text: all.map(({ subject, detail }) => `${subject}: ${detail}`).join("; "),
  }));
  if (isWell(findings)) return "keep";
  return asker.askChoice("How should ccs init continue?", [
    { value: "again", label: "Ask me again" },
    { value: "keep", label: "Keep it", hint: "ccs doctor checks it again later" },
    { value: "none", label: without },
  ]);
}

function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level === "ok");
}
