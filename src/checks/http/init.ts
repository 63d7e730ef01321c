// What `ccs init` asks about a check over HTTP: the page, and a word on it.
import { literal } from "../../config/format/scalar.ts";
import type { Asker } from "../../lib/asker.ts";
import { parseIp } from "../../lib/ip.ts";
import type { CheckQuestions, ComposedCheck, EarlierCheck } from "../kind.ts";
import { checkUrl, marker } from "./settings.ts";

/** What the page of the documentation's examples says. */
const usualMarker = "OK";

export const httpQuestions: CheckQuestions = {
  label: "HTTP or HTTPS",
  hint: "a page shows that the service works",
  ask: askPage,
  example: (target) => composedHttp({ url: usualPage(target), contains: usualMarker }),
};

/** The check in a new file. */
export function composedHttp(answers: { readonly url: string; readonly contains: string }): ComposedCheck {
  const { url, contains } = answers;
  return {
    kind: "http",
    keys: [
      {
        key: "url",
        comment: "Requested from each of the target's own addresses, under this name.",
        yaml: literal(url),
      },
      ...(contains === ""
        ? []
        : [{ key: "contains", comment: "The page must contain this.", yaml: literal(contains) }]),
    ],
    answers,
  };
}

async function askPage(asker: Asker, target: string, earlier: EarlierCheck | undefined): Promise<ComposedCheck> {
  const { url: urlBefore, contains: markerBefore = "" } = earlier?.check.answers ?? {};
  const url = await asker.askText(
    "Which page shows that it works? One of its own is best, such as /healthz that says OK",
    {
      kind: checkUrl,
      initial:
        earlier === undefined || urlBefore === undefined
          ? usualPage(target)
          : pageAgain(urlBefore, earlier.target, target),
    },
  );
  const usual = url === usualPage(target) ? usualMarker : "";
  const contains = await asker.askText("A word that the page must contain (empty for none)", {
    kind: marker,
    isOptional: true,
    initial: earlier === undefined ? usual : markerBefore,
  });
  return composedHttp({ url, contains });
}

/**
 * As in the documentation. The page at / may be a router's or a provider's, which answers even if the service is down.
 */
function usualPage(target: string): string {
  return `https://${parseIp(target)?.family === "ipv6" ? `[${target}]` : target}/healthz`;
}

/** The page from before; the usual one goes with the target. */
function pageAgain(url: string, targetBefore: string, target: string): string {
  return url === usualPage(targetBefore) ? usualPage(target) : url;
}
