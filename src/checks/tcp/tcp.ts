// Checks over TCP: for services that do not speak HTTP.
import type { CheckKind } from "../kind.ts";
import { outlookOf, probeBytes, shownTask } from "./outlook.ts";
import { probeTcp } from "./probe.ts";
import { tcpKeys, type TcpTask } from "./settings.ts";
import { tcpFake } from "./fake.ts";

export const tcp: CheckKind<typeof tcpKeys, TcpTask> = {
  kind: "tcp",
  title: "Checks over TCP",
  description: "Connects to a port, and looks for a text in the answer if one is expected.",
  expects: "a section with a port",
  keys: tcpKeys,
  files: {},
  origins: { port: "port", send: "send", expect: "expect" },
  check({ send, expect }, report) {
    if (send === undefined || expect !== undefined) return;
    report("send", "expected expect beside send, since otherwise no answer is waited for: add expect, or remove send");
  },
  complete: ({ port, send, expect }) => ({ kind: "tcp", port, send, expect }),
  probe: probeTcp,
  probeBytes,
  outlook: outlookOf,
  shown: shownTask,
  advise: ({ port }, { text }) => `see what answers there: nc -v ${text} ${port}`,
  fake: tcpFake,
};
