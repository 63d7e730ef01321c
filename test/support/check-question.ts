// What `ccs init` asks about the check of an endpoint: it offers the one kind that has questions, or lets people choose.
import { checkKinds } from "../../src/checks/registry.ts";
import { choose, keys } from "./pseudo-terminal.ts";

const isChoice = checkKinds.filter(({ init }) => init !== undefined).length > 1;

/** The question about an endpoint, whatever it is called unless told. */
export function checkQuestion(name = ".*"): RegExp {
  return new RegExp(isChoice ? `How should ${name} be checked[^]*Not at all` : `Check ${name} over HTTP`);
}

export const checkOverHttp = isChoice ? choose("Over HTTP") : keys.enter;
export const noCheck = isChoice ? choose("Not at all") : "n";
