// What is known of each ingress and its records, as gauges.
import { isInSync } from "../../core/records/mix.ts";
import { gauge } from "./exposition.ts";
import type { Metric } from "./exposition.ts";

const overrideKinds = ["pin", "drain", "drill"] as const;

export const ingressGauges: readonly Metric[] = [
  gauge(
    {
      name: "ccs_ingress_record_info",
      labels: ["ingress", "type", "content"],
      help: "The records published at the ingress, as last read or written; always 1.",
      query: "ccs_ingress_record_info",
    },
    function* ({ ingresses }) {
      for (const { settings, published } of ingresses)
        for (const { type, content } of published?.records ?? []) yield [[settings.id, type, content], 1];
    },
  ),
  gauge(
    {
      name: "ccs_ingress_in_sync",
      labels: ["ingress"],
      help: "Whether the published records are what they should be. It is 1 also while all endpoints are down, since the records are left alone then.",
      query: "ccs_ingress_in_sync == 0",
    },
    function* ({ ingresses }) {
      for (const ingress of ingresses) yield [[ingress.settings.id], Number(isInSync(ingress))];
    },
  ),
  gauge(
    {
      name: "ccs_ingress_standoff",
      labels: ["ingress"],
      help: "Whether automatic repair is paused, because another program keeps overwriting the records.",
      query: "ccs_ingress_standoff == 1",
    },
    function* ({ ingresses }) {
      for (const { settings, standoff } of ingresses) yield [[settings.id], Number(standoff !== undefined)];
    },
  ),
  gauge(
    {
      name: "ccs_ingress_visible",
      labels: ["ingress"],
      help: "Whether the authoritative servers show what was written last: 0 when they show something else. Absent while that is unknown.",
      query: "ccs_ingress_visible == 0",
    },
    function* ({ ingresses }) {
      for (const { settings, visibility } of ingresses)
        if (visibility?.status === "visible" || visibility?.status === "wrong")
          yield [[settings.id], Number(visibility.status === "visible")];
    },
  ),
  gauge(
    {
      name: "ccs_overrides_active",
      labels: ["ingress", "kind"],
      help: "How many endpoints are pinned, drained or in a drill now. Absent where there is none.",
      query: "sum by (ingress, kind) (ccs_overrides_active)",
    },
    function* ({ ingresses }) {
      for (const { settings, overrides } of ingresses) {
        if (overrides.length === 0) continue;
        for (const kind of overrideKinds) {
          const count = overrides.filter((override) => override.kind === kind).length;
          if (count > 0) yield [[settings.id, kind], count];
        }
      }
    },
  ),
];
