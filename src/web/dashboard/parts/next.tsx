// What will happen to an ingress by itself, with live countdowns.
import type { NextStep } from "../../api/schema/status.ts";
import { memo } from "../lib/memo.tsx";
import { Countdown } from "./moments.tsx";

export const Next = memo(function Next({ steps }: { steps: readonly NextStep[] }) {
  return (
    <section class="card next" aria-label="What happens next">
      <h3>What happens next</h3>
      {steps.length === 0 && <p class="quiet">Nothing, unless an endpoint changes.</p>}
      <ol>
        {steps.slice(0, 6).map(({ at, kind, endpoint, what }) => (
          <li key={`${kind} ${endpoint} ${what}`}>
            <Countdown to={at} />
            <span>{what}</span>
          </li>
        ))}
      </ol>
      {steps.length > 6 && <p class="quiet">and {steps.length - 6} more</p>}
    </section>
  );
});
