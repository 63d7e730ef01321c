// All defects that are planted.
import type { BugForTest, PlantedBug } from "./bug.ts";
import { boundBugs } from "./bugs-bounds.ts";
import { cloudBugs } from "./bugs-cloud.ts";
import { dateBugs } from "./bugs-dates.ts";
import { decisionBugs } from "./bugs-decisions.ts";
import { healthBugs } from "./bugs-health.ts";
import { mixBugs, mixBugsForTests } from "./bugs-mix.ts";
import { readingBugs } from "./bugs-reading.ts";
import { silenceBugs } from "./bugs-silence.ts";
import { tellingBugs } from "./bugs-telling.ts";
import { testedBugs } from "./bugs-tested.ts";
import { assemblyBugs } from "./rooms/assembly.ts";
import { channelBugs } from "./rooms/channels.ts";
import { checkBugs } from "./rooms/checks.ts";
import { cliBugs } from "./rooms/cli.ts";
import { cloudBugsForTests } from "./rooms/cloud.ts";
import { configBugs } from "./rooms/config.ts";
import { coreBugs } from "./rooms/core.ts";
import { dnsBugs } from "./rooms/dns.ts";
import { notifyBugs } from "./rooms/notify.ts";
import { probeBugs } from "./rooms/probe.ts";
import { robustBugs } from "./rooms/robust.ts";
import { storeBugs } from "./rooms/store.ts";
import { webBugs } from "./rooms/web.ts";

export const plantedBugs: readonly PlantedBug[] = [
  ...healthBugs,
  ...decisionBugs,
  ...boundBugs,
  ...cloudBugs,
  ...mixBugs,
  ...tellingBugs,
  ...readingBugs,
  ...silenceBugs,
  ...dateBugs,
];
export const bugsForTests: readonly BugForTest[] = [
  ...testedBugs,
  ...mixBugsForTests,
  ...coreBugs,
  ...dnsBugs,
  ...probeBugs,
  ...notifyBugs,
  ...storeBugs,
  ...configBugs,
  ...webBugs,
  ...assemblyBugs,
  ...channelBugs,
  ...checkBugs,
  ...cliBugs,
  ...cloudBugsForTests,
  ...robustBugs,
];
