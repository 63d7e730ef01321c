// Configurations of any size.

export interface ManyOptions {
  readonly endpointsEach?: number;
  /** Number of the first ingress. */
  readonly from?: number;
}

/** A whole configuration with `count` endpoints, ten in each ingress. */
export function manyEndpoints(count: number, options: ManyOptions = {}): string {
  return `cloudflare:\n  token: ${"0123456789abcdef".repeat(2)}\nstate_dir: state\n${manyIngresses(count, options)}`;
}

/** The ingresses alone. */
export function manyIngresses(count: number, { endpointsEach = 10, from = 0 }: ManyOptions = {}): string {
  const ingresses = Array.from({ length: Math.ceil(count / endpointsEach) }, (_, index) => {
    const zone = `customer-${from + index}.example.com`;
    const endpoints = Array.from({ length: Math.min(endpointsEach, count - index * endpointsEach) }, (__, at) =>
      [
        `      - name: line-${at}`,
        `        target: line-${at}.${zone}`,
        `        priority: ${at}`,
        `        ttl: 60s`,
        `        check:`,
        `          url: https://line-${at}.${zone}/healthz`,
        `          interval: 15s`,
        `          rise: 3`,
        `          fall: 3`,
      ].join("\n"),
    );
    return [`  - record: www.${zone}`, `    zone: ${zone}`, `    endpoints:`, ...endpoints].join("\n");
  });
  return ["ingresses:", ...ingresses, ""].join("\n");
}
