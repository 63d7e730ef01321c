// Where the control socket is. Apart from the socket itself, so that a client need not load the server.
import { join } from "node:path";

/** The path of the socket of a state folder. */
export function controlSocketPath(stateDir: string): string {
  return join(stateDir, "control.sock");
}
