// A message as the JSON that a webhook's receiver gets. docs/webhook.md describes it: keys are added, never changed.
import type { Message, ToldFact } from "../../core/message.ts";
import { plainText } from "../rendering.ts";

/** More than any message has in practice. */
const textLimit = 20_000;

interface WebhookBody {
  /** Unique, and the same in each attempt at a message. */
  readonly id: string;
  /** When it happened, ISO 8601 in UTC. */
  readonly time: string;
  readonly importance: Message["importance"];
  /** The record that all of it is about; `null` where it is about none or several. */
  readonly ingress: string | null;
  /** What it tells of; several in the summary after an initial silence. */
  readonly facts: readonly ToldFact[];
  readonly headline: string;
  /** The whole message in plain text. */
  readonly text: string;
}

export function bodyOf(message: Message): WebhookBody {
  const { id, atWallMs, importance, headline, facts = [] } = message;
  const ingresses = new Set(facts.map(({ ingress }) => ingress));
  const [ingress] = ingresses;
  return {
    id,
    time: new Date(atWallMs).toISOString(),
    importance,
    ingress: ingresses.size === 1 && ingress !== undefined ? ingress : null,
    facts,
    headline,
    text: plainText(message, textLimit),
  };
}
