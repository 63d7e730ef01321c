// What a check over TCP amounts to: what it costs, how it is shown, and what is loose about it.
import type { ShownTask, TaskOutlook } from "../../core/advice/task-outlook.ts";
import type { TcpTask } from "./settings.ts";

/** Of one probe in both directions: the packets that open and close a connection. The answer comes on top. */
export const probeBytes = { tcp: 500 } as const;

export function outlookOf(task: TcpTask): TaskOutlook {
  return {
    shown: shownTask(task),
    probe: { name: "tcp", bytes: probeBytes.tcp, besides: task.expect === undefined ? undefined : "the answer itself" },
    looseness:
      task.expect === undefined
        ? "has no expect: any server that accepts the connection counts, even one that never answers"
        : undefined,
  };
}

/** What is sent may be secret. */
export function shownTask({ port }: TcpTask): ShownTask {
  return { kind: "tcp", what: `TCP port ${port}` };
}
