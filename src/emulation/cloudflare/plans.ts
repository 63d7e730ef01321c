// What each Cloudflare plan allows of DNS records.

export type PlanName = "free" | "pro" | "business" | "enterprise";

export interface PlanLimits {
  readonly label: string;
  /** Records in a zone. */
  readonly records: number;
  /** Operations in one batch. */
  readonly batchOperations: number;
  readonly commentLength: number;
  readonly tagsPerRecord: number;
  readonly lowestTtlSeconds: number;
}

const paid = { records: 3500, batchOperations: 3500, commentLength: 500, tagsPerRecord: 20, lowestTtlSeconds: 60 };

const limitsByPlan: Readonly<Record<PlanName, PlanLimits>> = {
  free: {
    label: "Free Website",
    records: 200,
    batchOperations: 200,
    commentLength: 100,
    tagsPerRecord: 0,
    lowestTtlSeconds: 60,
  },
  pro: { label: "Pro Website", ...paid },
  business: { label: "Business Website", ...paid },
  enterprise: { label: "Enterprise Website", ...paid, lowestTtlSeconds: 30 },
};

/** Free zones from before this moment kept their older quota of 1000 records. */
const smallQuotaSince = "2024-09-01";

/** The limits of a zone of this plan, created at this ISO 8601 time. */
export function planLimits(plan: PlanName, createdOn: string): PlanLimits {
  const limits = limitsByPlan[plan];
  return plan === "free" && createdOn < smallQuotaSince ? { ...limits, records: 1000 } : limits;
}
