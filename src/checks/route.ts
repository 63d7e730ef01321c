// Asks the kernel whether there is a way to an address at all, without sending anything.
import { createSocket } from "node:dgram";
import type { Address } from "../core/model.ts";
import { inconclusive, isMissingRoute, type ProbeResult } from "./verdict.ts";

/** Any port will do: routes know none. */
const anyPort = 53;

/** Whether this machine has a route to `address`: connecting a UDP socket looks the route up and sends no packet. */
export function hasRoute(address: Address): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createSocket(address.family === "ipv4" ? "udp4" : "udp6");
  const finish = (error?: Error | null): void => {
    resolve(!error);
    socket.removeAllListeners("error");
    socket.on("error", () => {});
    try {
      socket.close();
    } catch {
      // A socket that could not be opened cannot be closed.
    }
  };
  socket.on("error", finish);
  socket.connect(anyPort, address.text, finish);
  return promise;
}

/** What an error means if it is this machine that has no route to the address; `undefined` if that is not why. */
export async function verdictOfMissingRoute(
  { code }: NodeJS.ErrnoException,
  address: Address,
  isRouted: typeof hasRoute = hasRoute,
): Promise<ProbeResult | undefined> {
  if (!isMissingRoute(code) || (await isRouted(address))) return undefined;
  return inconclusive("no-route", `the monitor has no route to ${address.text} (${code})`);
}
