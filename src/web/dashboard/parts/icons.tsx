// Shapes for verdicts and messages, so that colour is never the only sign. Each stands beside a word, so none is read
// out.
import type { EndpointStatus } from "../../api/schema/status.ts";

export type EndpointVerdict = EndpointStatus["verdict"];

interface IconLook {
  readonly word: string;
  readonly tone: "ok" | "warn" | "bad" | "quiet";
  readonly path: string;
}

export const looks: Readonly<Record<EndpointVerdict, IconLook>> = {
  up: { word: "up", tone: "ok", path: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM4.6 8.3l2.4 2.4 4.5-5" },
  suspect: { word: "suspect", tone: "warn", path: "M8 1.6 15 14.2H1L8 1.6ZM8 6v4M8 11.7v.9" },
  down: { word: "down", tone: "bad", path: "M5 1h6l4 4v6l-4 4H5l-4-4V5l4-4ZM5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" },
  recovering: { word: "recovering", tone: "warn", path: "M14.5 8A6.5 6.5 0 1 1 8 1.5M8 11.5v-6M5.2 7.8 8 5l2.8 2.8" },
  unknown: { word: "unknown", tone: "quiet", path: "M6 6a2 2 0 1 1 2.6 2c-.4.2-.6.5-.6 1.2M8 11.4v.8" },
};

export function VerdictIcon({ verdict }: { verdict: EndpointVerdict }) {
  const { path, tone } = looks[verdict];
  return (
    <svg class={`icon tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      {verdict === "unknown" && <circle cx="8" cy="8" r="6.8" stroke-dasharray="2.4 2" />}
      <path d={path} />
    </svg>
  );
}

export function VerdictMark({ verdict }: { verdict: EndpointVerdict }) {
  return (
    <span class={`verdict tone-${looks[verdict].tone}`}>
      <VerdictIcon verdict={verdict} /> {looks[verdict].word}
    </span>
  );
}

const signs = {
  alert: "M8 1.6 15 14.2H1L8 1.6ZM8 6v4M8 11.7v.9",
  info: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM8 7.2v4.3M8 4.4v.9",
  eye: "M1 8s2.6-4.6 7-4.6S15 8 15 8s-2.6 4.6-7 4.6S1 8 1 8ZM2 14 14 2",
  broken:
    "M6.5 9.5 2.8 13M9.5 6.5 13.2 3M5 5 3 3M11 11l2 2M6.2 11.6l-1 1a2.5 2.5 0 0 1-3.6-3.6l1-1M9.8 4.4l1-1a2.5 2.5 0 0 1 3.6 3.6l-1 1",
  check: "M2.5 8.5 6 12l7.5-8",
  chevron: "M5.5 3 10.5 8l-5 5",
  lock: "M3.5 7h9v7h-9zM5.5 7V4.8a2.5 2.5 0 0 1 5 0V7",
  pin: "M8 10v5M4 10h8l-1.4-3V2.5h-5V7L4 10Z",
} as const;

export function Sign({ name }: { name: keyof typeof signs }) {
  return (
    <svg class={`icon sign-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={signs[name]} />
    </svg>
  );
}
