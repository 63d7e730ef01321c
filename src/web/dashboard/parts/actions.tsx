// What a reader can do about an endpoint, or the way to be allowed to.
import type { EndpointStatus } from "../../api/schema/status.ts";
import { useActing } from "../data/context.ts";
import { Sign } from "./icons.tsx";

interface ActionsProps {
  readonly ingress: string;
  readonly endpoint: EndpointStatus;
}

export function Actions({ ingress, endpoint: { name, override } }: ActionsProps) {
  const { mode, ask, unlock } = useActing();
  if (mode === "refused") {
    return (
      <p class="quiet">
        To pin or drain it from here, set <code>http.token</code> in the configuration. On the daemon's machine:{" "}
        <code>ccs pin</code>, <code>ccs drain</code>, <code>ccs resume</code>.
      </p>
    );
  }
  const isLocked = mode === "locked";
  return (
    <div class="actions" role="group" aria-label="Actions">
      {isLocked && (
        <button type="button" onClick={unlock}>
          <Sign name="lock" /> Enter the token to act
        </button>
      )}
      <button type="button" disabled={isLocked} onClick={() => ask({ kind: "pin", ingress, endpoint: name })}>
        Pin…
      </button>
      <button type="button" disabled={isLocked} onClick={() => ask({ kind: "drain", ingress, endpoint: name })}>
        Drain…
      </button>
      <button type="button" disabled={isLocked} onClick={() => ask({ kind: "drill", ingress, endpoint: name })}>
        Drill…
      </button>
      {override !== undefined && (
        <button type="button" disabled={isLocked} onClick={() => ask({ kind: "resume", ingress, endpoint: name })}>
          Resume…
        </button>
      )}
    </div>
  );
}
