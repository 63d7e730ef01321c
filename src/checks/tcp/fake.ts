// How the sites of the simulated world answer a check over TCP.
import type { CheckFake } from "../fake.ts";
import { judgeConnection } from "./judge.ts";
import type { TcpTask } from "./settings.ts";

export const tcpFake: CheckFake<TcpTask> = {
  objectionTo: () => undefined,
  answer(task, { kind }) {
    // A service that does not work still accepts connections.
    return judgeConnection(task, kind === "ok") === "ok"
      ? { kind: "ok", detail: "connected" }
      : { kind: "failed", reason: "marker", detail: "the text is missing" };
  },
};
