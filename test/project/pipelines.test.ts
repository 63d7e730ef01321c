// What GitHub and GitLab run on a tag: in their own format, and beyond that of the format: nothing is named that is not there, each
// job has the rights that it needs and no others, and what people have to set up is written down.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { problemsBy } from "../support/schemas.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly environment?: string;
  readonly if?: string;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface GitlabJob {
  readonly stage?: string;
  readonly extends?: string;
  readonly needs?: readonly string[];
  readonly script?: readonly string[];
  readonly release?: {
    readonly assets: { readonly links: readonly { readonly name: string; readonly url: string }[] };
  };
}
type Pipeline = Readonly<Record<string, GitlabJob>>;

const workflows = globSync(".github/workflows/*.yml", { cwd: root }).toSorted();
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

const shellProblems = new Map<string, string>();

/** What bash says of a script that it does not take; asked once for each. */
function shellProblemOf(script: string): string {
  const known = shellProblems.get(script) ?? spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr;
  shellProblems.set(script, known);
  return known;
}

/** What of a shell script does not exist, or is no shell. */
function problemsOfScript(script: string): readonly string[] {
  const problem = shellProblemOf(script);
  const named = [...script.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name = ""]) => name);
  const files = [...script.matchAll(/^(\.ci\/\S+)|\bnode (scripts\/\S+)/gm)].map((match) => match[1] ?? match[2] ?? "");
  return [
    ...(problem === "" ? [] : [`no shell: ${problem}`]),
    ...named.filter((name) => !(name in scripts)).map((name) => `no script ${name} in package.json`),
    ...files.filter((name) => !existsSync(join(root, name))).map((name) => `no file ${name}`),
  ];
}

/** What each action needs beyond reading; an action that is not here is not known to be needed. */
const rightsByAction: Readonly<Record<string, readonly string[]>> = {
  "actions/checkout": ["contents: read"],
  "actions/upload-artifact": [],
  "actions/download-artifact": [],
  "actions/attest": ["id-token: write", "attestations: write"],
  "sigstore/cosign-installer": ["id-token: write"],
};
const rightsByCommand: readonly (readonly [RegExp, readonly string[]])[] = [
  [/npm publish .*--provenance/, ["id-token: write"]],
  [/cosign sign/, ["id-token: write"]],
  [/(?:docker|helm registry) login ghcr\.io/, ["packages: write"]],
  [/gh release create/, ["contents: write"]],
];

/** All that is wrong with a workflow of GitHub, beyond its format. */
function problemsOfWorkflow(text: string): readonly string[] {
  const { permissions, jobs } = parse(text) as Workflow;
  const problems: string[] = [];
  if (JSON.stringify(permissions) !== "{}") problems.push("jobs get rights that they did not ask for");
  for (const [name, job] of Object.entries(jobs)) {
    const say = (problem: string): number => problems.push(`${name}: ${problem}`);
    for (const need of [job.needs ?? []].flat()) if (!(need in jobs)) say(`needs ${need}, which is no job`);
    if (job["timeout-minutes"] === undefined) say("has no timeout");
    const needed = new Set<string>();
    for (const { uses, run, with: options, env, id: _ } of job.steps) {
      if (uses !== undefined) {
        const [action = "", commit = ""] = uses.split("@");
        if (!/^[0-9a-f]{40}$/.test(commit)) say(`${action} is not named by commit`);
        if (!new RegExp(`uses: ${uses} # v\\d+\\.\\d+\\.\\d+$`, "m").test(text))
          say(`${action} has no version beside it`);
        if (!(action in rightsByAction)) say(`${action} is not a known action`);
        for (const right of rightsByAction[action] ?? []) needed.add(right);
        if (action === "actions/checkout" && options?.["persist-credentials"] !== false)
          say("keeps the token of checkout");
      }
      if (run !== undefined) {
        problemsOfScript(run).forEach(say);
        // Text from outside becomes part of a script in no way but as a variable.
        if (run.includes("${{")) say("puts an expression into a script");
        for (const [command, rights] of rightsByCommand)
          if (command.test(run)) rights.forEach((each) => needed.add(each));
      }
      for (const value of Object.values({ ...options, ...env })) {
        for (const [, step = ""] of String(value).matchAll(/steps\.(\w+)\./g)) {
          if (!job.steps.some(({ id }) => id === step)) say(`asks step ${step}, which there is not`);
        }
      }
    }
    const given = Object.entries(job.permissions ?? {}).map(([right, level]) => `${right}: ${level}`);
    for (const right of given) if (!needed.has(right)) say(`has the right ${right}, and does not need it`);
    for (const right of needed) if (!given.includes(right)) say(`needs the right ${right}`);
    const isPublisher = given.some((right) => /^(?:packages|contents): write$/.test(right)) || name === "npm";
    if (
      isPublisher &&
      (job.environment !== "release" || job.steps.some(({ run }) => /npm (?:ci|run)/.test(run ?? "")))
    ) {
      say("can publish, and runs code of others or waits for nobody");
    }
  }
  return problems;
}

function problemsOfPipeline(text: string): readonly string[] {
  const {
    stages,
    workflow: _,
    default: __,
    ...jobs
  } = parse(text) as Pipeline & { readonly stages: readonly string[] };
  const problems: string[] = [];
  for (const [name, job] of Object.entries(jobs as Pipeline)) {
    const say = (problem: string): number => problems.push(`${name}: ${problem}`);
    if (job.extends !== undefined && !(job.extends in jobs)) say(`extends ${job.extends}, which is no job`);
    if (name.startsWith(".")) continue;
    if (!stages.includes(job.stage ?? "")) say(`is in stage ${job.stage ?? "(none)"}, which is none`);
    for (const need of job.needs ?? []) {
      const other = (jobs as Pipeline)[need];
      if (other === undefined) say(`needs ${need}, which is no job`);
      else if (stages.indexOf(other.stage ?? "") > stages.indexOf(job.stage ?? ""))
        say(`needs ${need}, which comes later`);
    }
    for (const line of job.script ?? []) problemsOfScript(line).forEach(say);
  }
  return problems;
}

test("GitHub takes every workflow, and GitLab the pipeline", () => {
  assert.ok(workflows.includes(".github/workflows/release.yml"));
  for (const name of workflows) assert.deepEqual(problemsBy("github-workflow.json", parse(read(name))), [], name);
  assert.deepEqual(problemsBy("gitlab-ci.json", parse(read(".gitlab-ci.yml"))), []);
});

test("all that they name is there, and no job has more rights than it needs", () => {
  for (const name of workflows) assert.deepEqual(problemsOfWorkflow(read(name)), [], name);
  assert.deepEqual(problemsOfPipeline(read(".gitlab-ci.yml")), []);
});

test("a mistake in one of them is noticed", () => {
  const workflow = read(".github/workflows/release.yml");
  const mistakes: readonly (readonly [string, string, RegExp])[] = [
    ["needs: [test, build]", "needs: [test, biuld]", /attest: needs biuld/],
    ["permissions: {}", "permissions: { contents: write }", /did not ask/],
    ["actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6", "actions/attest@v4", /not named by commit/],
    ["npm run release:files", "npm run release-files", /no script release-files/],
    ["      contents: write", "      contents: write\n      packages: write", /release: has the right packages: write/],
    ["      packages: write\n", "", /needs the right packages: write/],
    ["npm publish ./release", "npm ci && npm publish ./release", /npm: can publish, and runs code/],
    ['"$GITHUB_REF_NAME" --verify-tag', "${{ github.ref_name }} --verify-tag", /expression into a script/],
    ["id: push", "id: pushed", /asks step push/],
    ["done\n", "\n", /no shell/],
    ["run: .ci/run", "run: .ci/runs", /no file/],
    ["    timeout-minutes: 75\n", "", /no timeout/],
  ];
  for (const [text, wrong, report] of mistakes) {
    assert.ok(workflow.includes(text), text);
    assert.match(problemsOfWorkflow(workflow.replace(text, wrong)).join("\n"), report, wrong);
  }
  assert.match(problemsBy("github-workflow.json", parse(workflow.replace("runs-on:", "run-on:"))).join(), /run/);
  const pipeline = read(".gitlab-ci.yml");
  const others: readonly (readonly [string, string, RegExp])[] = [
    ["needs: [test, build]", "needs: [test, bild]", /sign: needs bild/],
    ["extends: .tag", "extends: .tags", /extends \.tags/],
    ["stage: sign", "stage: signing", /stage signing/],
    ["needs: [build, sign]", "needs: [build, release]", /comes later/],
    ["npm run release:files", "npm run release:file", /no script release:file/],
  ];
  for (const [text, wrong, report] of others) {
    assert.match(problemsOfPipeline(pipeline.replace(text, wrong)).join("\n"), report, wrong);
  }
  assert.notDeepEqual(problemsBy("gitlab-ci.json", parse(pipeline.replace("script:", "skript:"))), []);
});

test("what has to be set up once is written down, and nothing that does not have to be", () => {
  const page = read("docs/releasing.md");
  const github = new Set(
    [...read(".github/workflows/release.yml").matchAll(/\b(?:vars|secrets)\.(\w+)/g)].map(([, name = ""]) => name),
  );
  const gitlab = new Set(
    [...read(".gitlab-ci.yml").matchAll(/\$\{?((?:PUBLISH|DOCKERHUB)_\w+)/g)].map(([, name = ""]) => name),
  );
  const written = new Set([...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = ""]) => name));
  assert.deepEqual([...written].toSorted(), [...new Set([...github, ...gitlab])].toSorted());
});
