// Defects in telling people.
import type { PlantedBug } from "./bug.ts";
import { calm, during, isDown, minuteMs, type Story } from "./story.ts";

/** A failover and a return, with a bot that takes nothing meanwhile. */
const withoutBot: Story = {
  faults: [isDown(0, 5, 10), { kind: "bot", how: "server-error", ...during(4, 13) }],
  ...calm(13, 22),
};

/** The primary answers with a status whose words hold markup. */
const strangeWords: Story = {
  faults: [{ kind: "site", site: 0, seenBy: "all", how: "status", status: 503, ...during(5, 10) }],
  ...calm(10, 17),
};

export const tellingBugs: readonly PlantedBug[] = [
  {
    name: "messages are forgotten before they are sent",
    file: "src/notify/outbox.ts",
    from: "const toldDropped = this.#dropped;",
    to: "const toldDropped = this.#dropped;\n    this.#withStore((store) => store.remove(this.#name, [message.id]));",
    story: withoutBot,
    breaks: ["16"],
  },
  {
    name: "messages are only kept in memory",
    file: "src/notify/outbox.ts",
    from: "this.#withStore((store) => store.append(this.#name, message));",
    to: "",
    story: {
      faults: [
        isDown(0, 5, 16),
        { kind: "bot", how: "server-error", ...during(4, 10) },
        { kind: "crash", how: "kill", when: "at-once", downForMs: 1_000, atMs: 8 * minuteMs },
      ],
      ...calm(16, 26),
    },
    breaks: ["16"],
  },
  {
    name: "the newest message is sent first",
    file: "src/notify/outbox.ts",
    from: "    this.#endSilence();\n    const [message] = this.#queue;",
    to: "    this.#endSilence();\n    const message = this.#queue.at(-1);",
    story: withoutBot,
    breaks: ["16"],
  },
  {
    name: "one failure to send is the last",
    file: "src/notify/outbox.ts",
    from: "if (channel === this.#channel) this.#pause(delivery);",
    to: 'this.#settle(message, "refused", delivery.detail);',
    story: withoutBot,
    breaks: ["16"],
  },
  {
    name: "foreign text is not escaped",
    file: "src/channels/telegram/render.ts",
    from: 'return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");',
    to: "return content;",
    story: strangeWords,
    breaks: ["16"],
  },
  {
    name: "messages are put together without hearing the loop",
    file: "src/assembly/parts.ts",
    from: "daemon.addListener(this.notifier);",
    to: "",
    story: withoutBot,
    breaks: ["16"],
  },
  {
    name: "a webhook is not signed over what it says",
    file: "src/channels/webhook/signature.ts",
    from: "update(`${id}.${timestamp}.${body}`)",
    to: "update(`${id}.${timestamp}.`)",
    story: { ...withoutBot, channel: "webhook" },
    breaks: ["16"],
  },
  {
    name: "a webhook is told no more than the headline",
    file: "src/channels/webhook/render.ts",
    from: "text: plainText(message, textLimit),",
    to: "text: headline,",
    story: { ...withoutBot, channel: "webhook" },
    breaks: ["16"],
  },
  {
    name: "late messages do not say so",
    file: "src/notify/outbox.ts",
    from: "const lateAfterMs = 30_000;",
    to: "const lateAfterMs = Infinity;",
    story: withoutBot,
    breaks: ["16"],
  },
  {
    name: "every message waits for a few seconds, whether or not another one comes",
    file: "src/notify/outbox.ts",
    from: "this.#queue.push(message);",
    to: "this.#queue.push(message);\n    this.#notBeforeMs = Math.max(this.#notBeforeMs, this.#ports.clock.nowMs() + 5_000);",
    story: { faults: [isDown(0, 5, 10)], ...calm(10, 17) },
    breaks: ["26"],
  },
  {
    name: "an error shows the token",
    file: "src/cloud/requests.ts",
    from: ": doing[operation]} ${of}: ",
    to: ": doing[operation]} ${of} with ${this.#options.token.reveal()}: ",
    story: { faults: [{ kind: "api", how: "forbidden", ...during(5, 15) }], ...calm(15, 22) },
    breaks: ["21"],
  },
];
