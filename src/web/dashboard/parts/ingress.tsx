// One ingress: what DNS says, who serves and why, its endpoints, and what will happen next.
import type { IngressStatus } from "../../api/schema/status.ts";
import { memo } from "../lib/memo.tsx";
import { IngressBanners } from "./banners.tsx";
import { Endpoints } from "./endpoints.tsx";
import { For } from "./moments.tsx";
import { Next } from "./next.tsx";
import { Picture } from "./picture.tsx";
import { Published } from "./published.tsx";

export const Ingress = memo(function Ingress({ ingress }: { ingress: IngressStatus }) {
  const { record } = ingress;
  const id = `ingress-${record}`;
  return (
    <section class="ingress" aria-labelledby={id}>
      <header class="ingress-head">
        <h2 id={id}>{record}</h2>
        <Summary ingress={ingress} />
      </header>
      <IngressBanners ingress={ingress} />
      <div class="ingress-grid">
        <Picture ingress={ingress} />
        <div class="side">
          <Published ingress={ingress} />
          <Next steps={ingress.next} />
        </div>
        <Endpoints ingress={ingress} />
      </div>
    </section>
  );
});

function Summary({ ingress: { selection } }: { ingress: IngressStatus }) {
  if (selection === undefined) return <p class="summary quiet">Nobody is chosen yet: the records stay as they are.</p>;
  const { primary, sticky, why, since } = selection;
  return (
    <p class="summary">
      <strong>{primary}</strong> serves <For since={since} />
      {sticky.length > 0 && `, beside it ${sticky.map(({ endpoint }) => endpoint).join(", ")}`}: {why}
    </p>
  );
}
