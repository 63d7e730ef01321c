// Whether what a server did is what a service does that works.
import type { TcpTask } from "./settings.ts";

/** `unread`: it depends on the answer. Otherwise the service works, or the reason why it does not. */
export type TcpJudgement = "ok" | "unread" | "marker";

/**
 * `isFound`: whether the answer contains the text; `undefined` while the connection stands and nothing has been read.
 */
export function judgeConnection({ expect }: TcpTask, isFound: boolean | undefined): TcpJudgement {
  if (expect === undefined) return "ok";
  if (isFound === undefined) return "unread";
  return isFound ? "ok" : "marker";
}
