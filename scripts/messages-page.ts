// docs/messages.md: every message that people can get, in the words of the program itself, with what it means and what to do.
import { render } from "../src/channels/telegram/render.ts";
import { word } from "../src/notify/wording.ts";
import { wallAtZero } from "../test/support/narrated-world.ts";
import { storySamples, type StoryKind } from "./message-stories.ts";

interface Explanation {
  readonly title: string;
  readonly meaning: string;
  readonly action: string;
}

const nothing = "Nothing.";

/** By section, in the order of the page. A kind of story without an explanation does not compile. */
const explanations: { readonly [Kind in StoryKind]: Explanation & { readonly section: string } } = {
  started: {
    section: "The ingress",
    title: "Started",
    meaning: "The first message after a start, once each endpoint has been checked.",
    action: "Look whether the active endpoint is the one that you expect.",
  },
  adopted: {
    section: "The ingress",
    title: "The record names an endpoint already",
    meaning: "ccs found the record in order and takes it over as it is.",
    action: nothing,
  },
  switched: {
    section: "The ingress",
    title: "Failover or failback",
    meaning:
      "The ingress points to another endpoint now. The message says why, what was published before, and how long it took until the name servers showed it.",
    action: "After a failover, find out why the other endpoint is down. After a failback, nothing.",
  },
  halfway: {
    section: "The ingress",
    title: "Switched, but decided again meanwhile",
    meaning: "A change has been written that is not wanted any more, since things changed while it was on its way.",
    action: "Wait for the next message. If none comes within a minute, look at `ccs status`.",
  },
  undone: {
    section: "The ingress",
    title: "Decided, but not done",
    meaning: "The change is decided, and Cloudflare has not confirmed it. ccs keeps trying.",
    action: "Read the line that begins with _Cloudflare_: it says what is wrong. `ccs doctor` checks token and zone.",
  },
  stays: {
    section: "The ingress",
    title: "Stays where it is",
    meaning: "A switch was decided and taken back before it was written: the endpoint came back in time.",
    action: nothing,
  },
  repaired: {
    section: "The ingress",
    title: "Changed by another program, and repaired",
    meaning: "Something other than ccs changed the record. It says again what it should.",
    action: "Find out what it was: a person, a DDNS client, another tool. To steer ccs, use `ccs pin` and `ccs drain`.",
  },
  updated: {
    section: "The ingress",
    title: "Records updated",
    meaning: "The records changed and the active endpoint did not: a new address, another TTL, another type.",
    action: nothing,
  },
  endpoint: {
    section: "Endpoints",
    title: "An endpoint is down, degraded, or up again",
    meaning:
      "An endpoint changed its health, and the ingress stays where it is. _Degraded_ means that it works over one of IPv4 and IPv6 only.",
    action:
      "Look at the reason in brackets: [The check fails](troubleshooting.md#the-check-fails-and-the-service-works).",
  },
  "outage-began": {
    section: "Endpoints",
    title: "All endpoints are down",
    meaning: "No endpoint can take over. The record stays as it is, since any other would be no better.",
    action: "Look at the reasons: often they share one, such as a certificate or a server.",
  },
  "outage-ended": {
    section: "Endpoints",
    title: "Available again",
    meaning: "At least one endpoint is up again after all were down.",
    action: nothing,
  },
  "addresses-shared": {
    section: "Endpoints",
    title: "Two endpoints have the same addresses",
    meaning: "Both names lead to one place, so moving between them gains nothing. ccs does not do it.",
    action: "Correct the DNS records of the targets. Often a DDNS client uses the wrong line, or a record is missing.",
  },
  "addresses-left-out": {
    section: "Endpoints",
    title: "More addresses than are used",
    meaning: "The target has very many addresses. Only some are checked and published.",
    action: "Publish fewer addresses under the target's name, if it matters which.",
  },
  "blindness-began": {
    section: "The monitor",
    title: "The monitor appears to be offline",
    meaning: "All endpoints fail, and the reference hosts do not answer either. ccs changes nothing until one answers.",
    action: "Check the connection and the firewall of the machine that runs ccs.",
  },
  "blindness-ended": {
    section: "The monitor",
    title: "The monitor is online again",
    meaning: "Checks count again.",
    action: nothing,
  },
  "clock-wrong": {
    section: "The monitor",
    title: "The clock is wrong",
    meaning: "The machine's clock differs from Cloudflare's by more than a minute. Failover is not affected.",
    action: "Set the clock by NTP.",
  },
  "clock-right": {
    section: "The monitor",
    title: "The clock is correct again",
    meaning: "The machine's clock agrees with Cloudflare's again.",
    action: nothing,
  },
  "override-began": {
    section: "Manual actions",
    title: "Pinned, drained, or a drill",
    meaning: "A person ran `ccs pin`, `ccs drain` or `ccs drill`, or used the dashboard.",
    action: "`ccs resume` ends it before its time.",
  },
  "override-ended": {
    section: "Manual actions",
    title: "A pin or a drain has ended",
    meaning: "Health alone decides again.",
    action: nothing,
  },
  "drill-reported": {
    section: "Manual actions",
    title: "The report of a drill",
    meaning:
      "How fast the ingress left the endpoint and came back. A real outage has to be noticed first, which takes longer.",
    action: "If no other endpoint took over, find out why the others were not up.",
  },
  "trouble-began": {
    section: "Cloudflare and DNS",
    title: "Cloudflare cannot be read or written",
    meaning: "Calls to Cloudflare fail. Until they succeed, the record stays as it is.",
    action: "If it names the token or the zone, correct that. Otherwise wait: ccs keeps trying.",
  },
  "trouble-ended": {
    section: "Cloudflare and DNS",
    title: "Cloudflare works again",
    meaning: "Calls succeed again, and what had to be written is written.",
    action: nothing,
  },
  invisible: {
    section: "Cloudflare and DNS",
    title: "A change is not visible",
    meaning: "Cloudflare confirmed the change, and a minute later its name servers still show something else.",
    action:
      "See whether Cloudflare reports an incident. If not, compare the name servers at your registrar with those that Cloudflare shows for the zone.",
  },
  "visible-at-last": {
    section: "Cloudflare and DNS",
    title: "A change is visible at last",
    meaning: "The name servers show it now.",
    action: nothing,
  },
  "standoff-began": {
    section: "Cloudflare and DNS",
    title: "Another program keeps overwriting the record",
    meaning:
      "The record was overwritten twice within an hour. ccs stops repairing it for an hour, so that the two do not overwrite each other forever.",
    action:
      "Find the other program and stop it, then `ccs resume`. See [the usual suspects](troubleshooting.md#another-program-keeps-overwriting-the-record).",
  },
  "standoff-ended": {
    section: "Cloudflare and DNS",
    title: "Automatic repair resumes",
    meaning: "The hour is over, or the configuration was loaded again, or a person ran `ccs resume`.",
    action: nothing,
  },
  "mix-blocked": {
    section: "Cloudflare and DNS",
    title: "No mix is possible",
    meaning:
      "The second name, which publishes two endpoints for a while after a failback, cannot be used. Failover is not affected.",
    action: "Do what the message says: usually remove the record there, or set `mix_record` to an unused name.",
  },
  "mix-freed": {
    section: "Cloudflare and DNS",
    title: "A mix is possible again",
    meaning: "The second name can be used again.",
    action: nothing,
  },
  "config-applied": {
    section: "ccs itself",
    title: "A new configuration is in force",
    meaning: "The file changed, and is used now.",
    action: "See that what is no longer monitored is what you meant.",
  },
  "config-rejected": {
    section: "ccs itself",
    title: "The configuration was rejected",
    meaning: "The file has mistakes. The previous configuration stays in force.",
    action: "Correct the lines that are named. `ccs validate` shows them all.",
  },
  "state-moved": {
    section: "ccs itself",
    title: "The state folder needs attention",
    meaning: "The folder or a file in it was removed, replaced, or is open to other users. Failover still works.",
    action: "Do what the message says.",
  },
  "internal-error": {
    section: "ccs itself",
    title: "An internal error",
    meaning: "A defect of ccs. It keeps running, and tries again what failed.",
    action: "Please report it, with the log.",
  },
  corrupted: {
    section: "ccs itself",
    title: "ccs ends",
    meaning:
      "A defect of ccs after which it cannot trust itself. Its service manager should start it again. The record stays as it is.",
    action: "See that it runs again, and report it with the log.",
  },
};

/** The page, as Markdown. */
export function messagesPage(): string {
  const samples = storySamples();
  const kinds = Object.keys(explanations) as StoryKind[];
  const sections = [...new Set(kinds.map((kind) => explanations[kind].section))];
  return `<!-- Generated by scripts/generate-docs.ts from scripts/messages-page.ts and the program's own words: change them there. -->

# Every message

What ccs tells you, in its own words, with what each message means and what to do. The examples are about two lines, \`cable\` and
\`mobile\`. Each real message ends with a line with its time and number.

Marks in front of endpoints: \`✓\` up, \`!\` suspect or degraded, \`✗\` down, \`?\` unknown.

${sections
  .map(
    (section) =>
      `## ${section}\n\n${kinds
        .filter((kind) => explanations[kind].section === section)
        .map(entry)
        .join("\n\n")}`,
  )
  .join("\n\n")}

## Around messages

- **Late**: a message that could not be sent in time says when it happened.
- **Held back**: with \`initial_silence\`, what happened after the start comes as one summary.
- **Dropped**: if very many wait, older ones of low importance are dropped. The next message says how many.
- **This changes often**: the same thing came and went several times. Nothing more is told of it until the time that is named.
`;

  function entry(kind: StoryKind): string {
    const { story, nowMs } = samples[kind];
    const { title, meaning, action } = explanations[kind];
    const atWallMs = wallAtZero + nowMs;
    const message = render({ ...word(story, { nowMs, wallMs: atWallMs }), id: "id", atWallMs }, "plain");
    const text = message.split("\n").slice(0, -1).join("\n");
    return `### ${title}\n\n\`\`\`text\n${text}\n\`\`\`\n\n**Meaning.** ${meaning}\n\n**What to do.** ${action}`;
  }
}
