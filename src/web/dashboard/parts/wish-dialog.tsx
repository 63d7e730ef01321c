// Asks whether a change is really meant, in plain words, does it, and says what came of it.
import { useState } from "preact/hooks";
import type { IngressStatus } from "../../api/schema/status.ts";
import { postChange } from "../data/api.ts";
import type { Wish } from "../data/context.ts";
import { lengths, obstacleTo, promise, titleOf, troubleText, usualLength } from "../lib/wishes.ts";
import { Modal } from "./modal.tsx";

interface WishDialogProps {
  readonly wish: Wish;
  readonly ingress: IngressStatus;
  readonly token: string;
  readonly close: () => void;
  /** The daemon did not take the token. */
  readonly forgetToken: () => void;
}

type WishStage =
  | { readonly kind: "asking" }
  | { readonly kind: "working" }
  | { readonly kind: "failed"; readonly lines: readonly string[]; readonly isToken: boolean }
  | { readonly kind: "done"; readonly lines: readonly string[] };

export function WishDialog({ wish, ingress, token, close, forgetToken }: WishDialogProps) {
  const { kind } = wish;
  const [length, setLength] = useState<string>(usualLength[kind]);
  const [stage, setStage] = useState<WishStage>({ kind: "asking" });
  const choices: readonly (readonly [string, string])[] = lengths[kind];
  const obstacle = obstacleTo(wish, ingress);
  const lengthText = choices.find(([value]) => value === length)?.[1] ?? length;

  const act = async (): Promise<void> => {
    if (stage.kind === "working") return;
    if (stage.kind === "done") return close();
    if (stage.kind === "failed" && stage.isToken) return forgetToken();
    setStage({ kind: "working" });
    const change = { ingress: wish.ingress, endpoint: wish.endpoint, for: length === "" ? undefined : length };
    const answer = await postChange(kind, change, token);
    setStage(
      answer.kind === "ok"
        ? { kind: "done", lines: answer.value.follows }
        : {
            kind: "failed",
            lines: troubleText(answer),
            isToken: answer.kind === "refused" && answer.wantsToken,
          },
    );
  };

  return (
    <Modal title={titleOf(wish)} close={close} onSubmit={() => void act()}>
      {stage.kind === "done" ? (
        <Lines lines={["Done.", ...stage.lines]} />
      ) : (
        <>
          {obstacle === undefined && choices.length > 0 && (
            <label class="field">
              For how long
              <select
                value={length}
                disabled={stage.kind === "working"}
                onChange={({ currentTarget: { value } }) => setLength(value)}
              >
                {choices.map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
            </label>
          )}
          <Lines lines={obstacle === undefined ? promise(wish, lengthText, ingress) : [obstacle]} />
        </>
      )}
      <div role="alert">
        {stage.kind === "failed" && (
          <div class="dialog-problem">
            <Lines lines={stage.lines} />
          </div>
        )}
      </div>
      <div class="dialog-buttons">
        {stage.kind !== "done" && (
          <button type="button" onClick={close}>
            Cancel
          </button>
        )}
        <button
          type="submit"
          class="strong"
          disabled={stage.kind === "working" || (stage.kind === "asking" && obstacle !== undefined)}
        >
          {submitText(stage, kind)}
        </button>
      </div>
    </Modal>
  );
}

function submitText(stage: WishStage, kind: Wish["kind"]): string {
  if (stage.kind === "working") return "Asking the daemon…";
  if (stage.kind === "done") return "Close";
  if (stage.kind === "failed") return stage.isToken ? "Enter the token again" : "Try again";
  return { pin: "Pin it", drain: "Drain it", drill: "Start the drill", resume: "Resume" }[kind];
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </>
  );
}
