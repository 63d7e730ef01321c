// What a probe sends, and where: worked out once for each task, since probes are many.
import type { HttpTask } from "./settings.ts";

export interface ProbeRequest {
  readonly port: number;
  readonly isEncrypted: boolean;
  /** The host name of the URL as certificates know it. */
  readonly hostName: string;
  /** The request itself, a byte for each letter. */
  readonly text: string;
}

const requests = new WeakMap<HttpTask, ProbeRequest>();

export function requestFor(task: HttpTask): ProbeRequest {
  const known = requests.get(task);
  if (known !== undefined) return known;
  const made = requestTo(new URL(task.url));
  requests.set(task, made);
  return made;
}

function requestTo({ protocol, hostname, host, port, pathname, search }: URL): ProbeRequest {
  const isEncrypted = protocol === "https:";
  const hostName = hostname.replace(/^\[|\]$|\.$/g, "");
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `host: ${host}`,
    "user-agent: cloudflare-cname-switcher",
    "accept: */*",
    "accept-encoding: identity",
    "connection: close",
  ];
  return {
    port: Number(port || (isEncrypted ? 443 : 80)),
    isEncrypted,
    hostName,
    text: `${lines.join("\r\n")}\r\n\r\n`,
  };
}
