// Defects in channels/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const channelBugs: readonly BugForTest[] = [
  {
    name: "one abort listener stays behind for each message",
    file: "src/lib/deadline.ts",
    from: 'for (const other of this.#others) other.removeEventListener("abort", this.#abort);',
    to: "",
    test: ["test/leaks.test.ts", "of a message"],
  },
  {
    name: "retry_after is not heeded",
    file: "src/channels/telegram/channel.ts",
    from: "seconds === undefined ? defaultPauseMs : seconds * 1_000",
    to: "defaultPauseMs",
    test: ["src/channels/telegram/channel.test.ts", "429 is waited for as told"],
  },
  {
    name: "what is refused as markup is not tried as plain text",
    file: "src/channels/telegram/channel.ts",
    from: 'if (answer.kind !== "refused") return answer;',
    to: "return answer;",
    test: ["src/channels/telegram/channel.test.ts", "whose markup is refused arrives as plain text"],
  },
  {
    name: "the token is shown in what Telegram's failures say",
    file: "src/channels/telegram/api.ts",
    from: 'forms.reduce((text, form) => text.replaceAll(form, "***"), foreign)',
    to: "foreign",
    test: [
      "src/channels/telegram/channel.test.ts",
      "appears in no result when it is repeated until the text has to be cut",
    ],
  },
  {
    name: "a redirect takes the token elsewhere",
    file: "src/channels/telegram/api.ts",
    from: 'redirect: "error",',
    to: "",
    test: ["src/channels/telegram/channel.test.ts", "redirects are not followed"],
  },
  {
    name: "a group that moved is written to where it was",
    file: "src/channels/telegram/channel.ts",
    from: "this.#chatId = movedTo;",
    to: "",
    test: [
      "src/channels/telegram/channel.test.ts",
      "a group that became a supergroup is followed, and people are told the new id",
    ],
  },
  {
    name: "a signature does not cover the time of the attempt",
    file: "src/channels/webhook/signature.ts",
    from: "update(`${id}.${timestamp}.${body}`)",
    to: "update(`${id}.${body}`)",
    test: ["src/channels/webhook/channel.test.ts", "is that of Standard Webhooks"],
  },
  {
    name: "the key of a webhook is not decoded",
    file: "src/channels/webhook/signature.ts",
    from: 'Buffer.from(text.slice(standardPrefix.length), "base64")',
    to: 'Buffer.from(text.slice(standardPrefix.length), "utf8")',
    test: [
      "src/channels/webhook/channel.test.ts",
      "is over the very bytes that arrive, with the time of the attempt and the id of the message",
    ],
  },
  {
    name: "a redirect takes a webhook elsewhere",
    file: "src/channels/http-call.ts",
    from: 'redirect: "manual", ',
    to: "",
    test: ["src/channels/webhook/channel.test.ts", "that leads elsewhere is not followed"],
  },
  {
    name: "the Retry-After of a webhook's receiver is not heeded",
    file: "src/channels/http-call.ts",
    from: "afterMs: retryAfterMs ?? defaultPauseMs",
    to: "afterMs: defaultPauseMs",
    test: ["src/channels/webhook/channel.test.ts", "429 is waited for as told"],
  },
  {
    name: "the URL of a webhook is shown in its failures",
    file: "src/channels/http-call.ts",
    from: 'hidden.reduce((text, form) => text.replaceAll(form, "***"), innermost(error).text)',
    to: "innermost(error).text",
    test: ["src/channels/webhook/channel.test.ts", "nothing that is secret gets into a detail or a printed channel"],
  },
  {
    name: "two channels may have one name",
    file: "src/config/channels.ts",
    from: "if (earlier === undefined) firstByName.set(name, path);",
    to: "if (earlier !== path) firstByName.set(name, path);",
    test: ["src/config/channels.test.ts", "each name is there once"],
  },
];
