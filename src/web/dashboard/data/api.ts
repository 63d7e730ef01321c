// Asks the daemon. An answer that is no good is a value; nothing here throws.
import type { Events } from "../../api/schema/events.ts";
import type { History, HistoryRange } from "../../api/schema/history.ts";
import type { ProblemDocument } from "../../api/schema/parts.ts";
import type { OverrideAnswer, ResumeAnswer } from "../../api/schema/changes.ts";
import type { Status } from "../../api/schema/status.ts";
import { deadline } from "../lib/clock.ts";

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly problem: ProblemDocument;
      /** Another token is wanted. */
      readonly wantsToken: boolean;
      readonly retryAfter: string | undefined;
    }
  | { readonly kind: "unreachable"; readonly detail: string };

const patienceMs = 10_000;

export function getStatus(): Promise<Answer<Status>> {
  return ask<Status>("status");
}

/** A page of the journal, the newest first. */
export function getEvents(query: {
  limit: number;
  ingress: string | undefined;
  before: number | undefined;
}): Promise<Answer<Events>> {
  return ask<Events>(`events${queryText(query)}`);
}

export function getHistory(query: {
  ingress: string;
  range: HistoryRange;
  endpoint: string | undefined;
}): Promise<Answer<History>> {
  return ask<History>(`history${queryText(query)}`);
}

export interface ChangeRequest {
  readonly ingress: string;
  readonly endpoint: string | undefined;
  readonly for: string | undefined;
}

export type ChangeKind = "pin" | "drain" | "drill" | "resume";

/** Asks for a change, with the token that the reader gave. */
export function postChange(
  kind: ChangeKind,
  change: ChangeRequest,
  token: string,
): Promise<Answer<OverrideAnswer | ResumeAnswer>> {
  return ask(kind, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(change),
  });
}

/** Where the API is, also when the page is served below some path. */
export function apiUrl(path: string): URL {
  return new URL(`api/v1/${path}`, document.baseURI);
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
  try {
    const response = await fetch(apiUrl(path), { cache: "no-store", signal: deadline(patienceMs), ...init });
    if (response.ok) return { kind: "ok", value: (await response.json()) as T };
    const retryAfter = response.headers.get("retry-after");
    return {
      kind: "refused",
      status: response.status,
      problem: await problemOf(response),
      wantsToken: response.headers.has("www-authenticate"),
      retryAfter: retryAfter ?? undefined,
    };
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
    return { kind: "unreachable", detail: isTimeout ? "it does not answer" : "it cannot be reached" };
  }
}

async function problemOf(response: Response): Promise<ProblemDocument> {
  const text = await response.text();
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null && "error" in document) return document as ProblemDocument;
  } catch {
    // Not an answer of the daemon: perhaps of a proxy before it.
  }
  return { error: `the answer was ${response.status} ${response.statusText}`.trim() };
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}
