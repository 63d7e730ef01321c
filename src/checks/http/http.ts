// Checks over HTTP and HTTPS: a page of the service is requested from the endpoint's own addresses.
import type { CheckKind } from "../kind.ts";
import { authoritiesFile } from "../authorities.ts";
import { adviseOn, warnOfForeignHost } from "./doctor.ts";
import { httpQuestions } from "./init.ts";
import { isEncrypted, outlookOf, probeBytes, shownTask } from "./outlook.ts";
import { probeHttp } from "./probe.ts";
import { httpKeys, type HttpTask, type StatusRange } from "./settings.ts";
import { httpFake } from "./fake.ts";

export const http: CheckKind<typeof httpKeys, HttpTask> = {
  kind: "http",
  title: "Checks",
  description: "Requests a page over HTTP or HTTPS.",
  expects: "a section with a url",
  keys: httpKeys,
  files: { ca_file: authoritiesFile },
  origins: { url: "url", status: "status", contains: "contains", ca: "ca_file" },
  check({ url, ca_file: authorities }, report) {
    if (authorities === undefined || typeof url !== "string" || isEncrypted(url)) return;
    const remedy = "remove it, or use https";
    report("ca_file", `expected no ca_file, since the url is http, which has no certificate: ${remedy}`);
  },
  complete: ({ url, status, contains }, { files: { ca_file: ca } }) => ({
    kind: "http",
    url,
    status: isRange(status) ? [status] : status,
    contains,
    ca: ca as readonly string[] | undefined,
  }),
  warn: warnOfForeignHost,
  probe: probeHttp,
  probeBytes,
  outlook: outlookOf,
  shown: shownTask,
  advise: adviseOn,
  init: httpQuestions,
  fake: httpFake,
};

function isRange(status: StatusRange | readonly StatusRange[]): status is StatusRange {
  return typeof status[0] === "number";
}
