// What the API needs of the daemon, and what its routes are served with.
import type { EarlierJournal } from "../../core/history.ts";
import type { Secret } from "../../lib/secret.ts";
import type { Costly } from "../costly.ts";
import type { Archive } from "./archive.ts";
import type { ChangePorts } from "./changes.ts";
import type { WordFact } from "./events.ts";
import type { RunHistory } from "./run-history.ts";
import type { DaemonFacts } from "./status.ts";
import type { Status } from "./schema/status.ts";
import type { Stream } from "./stream.ts";

export interface ApiPorts extends ChangePorts, Omit<DaemonFacts, "hasToken"> {
  /** What happened before the start. */
  readonly earlier: EarlierJournal;
  /** Answers what readers ask about what happened. */
  readonly archive: Archive;
  readonly word: WordFact;
  /** What every changing call over HTTP must carry. */
  readonly token: () => Secret | undefined;
  /** Is told about internal errors. */
  readonly onBug: (error: unknown) => void;
}

/** What a route may use. */
export interface ApiParts {
  readonly ports: ApiPorts;
  readonly run: RunHistory;
  readonly stream: Stream;
  /** The status with the ingresses of these ids. */
  readonly status: (ids: readonly string[]) => Status;
  /** The status with all ingresses, as JSON. */
  readonly statusText: Costly<string>;
  /** The OpenAPI document as JSON. */
  readonly openApiText: () => string;
}
