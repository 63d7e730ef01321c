// Whether a reference host can be reached from this machine.
import { connect } from "node:net";
import type { Reach } from "../../probe/anchors.ts";

/** Connects over TCP and hangs up at once. */
export const reachOverTcp: Reach = ({ address, port }, signal) => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  if (signal.aborted) return Promise.resolve(false);
  const socket = connect({ host: address.text, port });
  const finish = (isReached: boolean): void => {
    signal.removeEventListener("abort", giveUp);
    socket.destroy();
    resolve(isReached);
  };
  const giveUp = (): void => finish(false);
  signal.addEventListener("abort", giveUp, { once: true });
  socket.once("connect", () => finish(true));
  socket.on("error", () => finish(false));
  return promise;
};
