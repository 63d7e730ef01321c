// What happens at both names of a CNAME ingress when it returns to a better endpoint through its mix, step by step.
import { unusedMs } from "../records/mix.ts";
import type { EndpointSettings, IngressSettings } from "../model.ts";
import { publishesCname, ttlSecondsOf } from "../records/records.ts";
import { byRank } from "../members.ts";

/** One step: what a name says from then on. */
export interface MixStep {
  /**
   * `first`: while the better endpoint is held; `shown`: once every name server has shown that for `afterMs`; `end`:
   * `afterMs` later.
   */
  readonly when: "first" | "shown" | "end" | "unused";
  readonly afterMs: number;
  /** The name. */
  readonly record: string;
  /** `members`: the addresses of these endpoints; `content`: of a CNAME. Neither: none of our records. */
  readonly members?: readonly string[];
  readonly content?: string;
  readonly ttlSeconds?: number;
}

/** The way back from one endpoint to a better one, through the mix of both. */
export interface MixPath {
  readonly from: string;
  readonly to: string;
  readonly steps: readonly MixStep[];
}

/** How the mix of an ingress is used, or why there is none; `undefined` where none is asked for. */
export interface MixOutlook {
  readonly record?: string;
  readonly whyNot?: string | undefined;
  readonly paths: readonly MixPath[];
}

/**
 * By the configuration alone; `form` and `isProxied` are those of the record where they are known.
 */
export function mixPaths(
  settings: IngressSettings,
  known: Pick<Parameters<typeof publishesCname>[0], "form"> & { readonly isProxied?: boolean } = {},
): MixOutlook | undefined {
  const order = settings.endpoints.toSorted(byRank);
  const sticky = order.slice(1).filter(({ stickyMs }) => stickyMs !== undefined);
  if (sticky.length === 0 || !publishesCname({ settings, form: known.form })) return undefined;
  if (known.isProxied ?? settings.proxied ?? false) return { whyNot: "a proxied CNAME has no mix", paths: [] };
  const { mix } = settings;
  if (mix === undefined) return { whyNot: settings.whyNoMixName ?? "there is no name for it", paths: [] };
  const paths = sticky.flatMap((from) => {
    const to = order[order.indexOf(from) - 1];
    return to === undefined ? [] : [{ from: from.name, to: to.name, steps: stepsOf(settings.record, mix, from, to) }];
  });
  return { record: mix.record, paths };
}

function stepsOf(
  record: string,
  mix: NonNullable<IngressSettings["mix"]>,
  from: EndpointSettings,
  to: EndpointSettings,
): readonly MixStep[] {
  const ttlSeconds = Math.min(ttlSecondsOf(from), ttlSecondsOf(to));
  const host = to.target.kind === "host" ? to.target.host : "";
  return [
    { when: "first", afterMs: 0, record: mix.record, members: [to.name, from.name], ttlSeconds },
    { when: "shown", afterMs: mix.waitMs, record, content: mix.record, ttlSeconds },
    { when: "end", afterMs: from.stickyMs ?? 0, record, content: host, ttlSeconds: ttlSecondsOf(to) },
    { when: "unused", afterMs: unusedMs, record: mix.record },
  ];
}
