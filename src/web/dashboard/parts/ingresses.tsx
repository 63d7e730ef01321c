// All ingresses. Where there are many, those in trouble come first, and the others are found by what is typed.
import { useMemo, useState } from "preact/hooks";
import type { IngressStatus } from "../../api/schema/status.ts";
import { foundIngresses } from "../lib/finding.ts";
import { needsAttention } from "../lib/ingress-look.ts";
import { Ingress } from "./ingress.tsx";

/** With more than this, those that are well are folded at first. */
const mostOpen = 3;
/** With more than this, they are found by what is typed. */
const mostListed = 8;
/** So many are shown at once, and so many more each time. */
const pageLength = 40;

export function Ingresses({ ingresses }: { ingresses: readonly IngressStatus[] }) {
  if (ingresses.length > mostListed) return <Many ingresses={ingresses} />;
  return (
    <>
      {ingresses.map((ingress) => (
        <Ingress key={ingress.record} ingress={ingress} folding={foldingOf(ingress, ingresses.length)} />
      ))}
    </>
  );
}

function foldingOf(ingress: IngressStatus, count: number): "never" | "open" | "folded" {
  if (count <= mostOpen) return "never";
  return needsAttention(ingress) ? "open" : "folded";
}

function Many({ ingresses }: { ingresses: readonly IngressStatus[] }) {
  const [text, setText] = useState("");
  const [isTroubledOnly, setTroubledOnly] = useState(false);
  const [most, setMost] = useState(pageLength);
  const found = useMemo(() => foundIngresses(ingresses, { text, isTroubledOnly }), [ingresses, text, isTroubledOnly]);
  const troubled = useMemo(() => ingresses.filter(needsAttention).length, [ingresses]);
  const shown = found.slice(0, most);
  const begin = (): void => setMost(pageLength);
  return (
    <>
      <search class="card finder">
        <label class="finder-text">
          <span>Find an ingress</span>
          <input
            type="search"
            value={text}
            placeholder="record, endpoint, target or address"
            autoComplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => {
              setText(currentTarget.value);
              begin();
            }}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isTroubledOnly}
            onChange={({ currentTarget }) => {
              setTroubledOnly(currentTarget.checked);
              begin();
            }}
          />
          only those that need attention ({troubled})
        </label>
        <p class="quiet finder-count" role="status">
          {countText(found.length, ingresses.length)}
        </p>
      </search>
      {shown.map((ingress, index) => (
        <Ingress
          key={ingress.record}
          ingress={ingress}
          folding={index < mostOpen && needsAttention(ingress) ? "open" : "folded"}
        />
      ))}
      {found.length > shown.length && (
        <button type="button" class="plain" onClick={() => setMost(most + pageLength)}>
          Show {Math.min(pageLength, found.length - shown.length)} more of {found.length}
        </button>
      )}
    </>
  );
}

function countText(found: number, all: number): string {
  if (found === 0) return `none of ${all} ingresses`;
  return found === all ? `${all} ingresses` : `${found} of ${all} ingresses`;
}
