// The graph of imports of src/ obeys the table of import-rules.ts. A rule that fits nothing would pass for ever, so each is
// shown violations here.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { test } from "node:test";
import { parseAst } from "rolldown/parseAst";
import { mayImport, objection, type Import } from "./import-rules.ts";

const src = join(import.meta.dirname, "../../src");

test("every import of the tree is one that its folder may have", () => {
  const files = globSync("**/*.{ts,tsx}", { cwd: src });
  assert.ok(files.length > 300, `only ${files.length} files`);
  const imports = files.flatMap((file) => importsOf(file).map((each) => ({ file, ...each })));
  assert.ok(imports.length > 1_500, `only ${imports.length} imports`);
  const objections = imports.flatMap(({ file, ...each }) => {
    const found = objection(file, each);
    return found === undefined ? [] : [`src/${file}: ${found}`];
  });
  assert.deepEqual(objections, []);
  // No line may name a folder that does not exist.
  const rooms = Object.keys(mayImport);
  assert.deepEqual(
    rooms.filter((room) => {
      const parent = room.replace(/\/\*$/, "");
      return !files.some((file) => file === room || file.startsWith(`${parent}/`));
    }),
    [],
  );
});

/** Modules of Node that another runtime could not give, or only as ports. */
const machinery = /^node:(?:fs|sqlite|child_process|worker_threads|os|sea|process|timers|cluster|tty)\b/;

test("nothing that a daemon is put together of opens files or starts threads and processes by itself", () => {
  const start = globSync("assembly/*.ts", { cwd: src }).filter((file) => !file.endsWith(".test.ts"));
  const seen = new Set(start);
  const found: string[] = [];
  for (const file of seen) {
    for (const { specifier, isType } of importsOf(file)) {
      if (isType) continue;
      if (machinery.test(specifier)) found.push(`${file}: ${specifier}`);
      if (specifier.startsWith(".") && specifier.endsWith(".ts")) seen.add(posix.join(dirname(file), specifier));
    }
  }
  assert.ok(seen.size > 100, `only ${seen.size} files`);
  assert.deepEqual(found, []);
});

test("every form of import is seen", () => {
  const text = [
    'import "./bare.ts";',
    'import { a } from "./value.ts";',
    'import type { B } from "./type.ts";',
    'export { c } from "./again.ts";',
    'export type { D } from "./type-again.ts";',
    'export * from "./all.ts";',
    'export const e = await import("./later.ts");',
    'export const f = (g: import("./inline.ts").G): unknown => [a, g];',
  ].join("\n");
  assert.deepEqual(
    importsIn(text, "own.ts").map(({ specifier, isType }) => `${specifier}${isType ? " (type)" : ""}`),
    [
      "./bare.ts",
      "./value.ts",
      "./type.ts (type)",
      "./again.ts",
      "./type-again.ts (type)",
      "./all.ts",
      "./later.ts",
      "./inline.ts (type)",
    ],
  );
});

const adapters = ["config", "probe", "dns", "cloud", "notify", "service", "web", "store"];
const asValue = (specifier: string): Import => ({ specifier, isType: false });
const asType = (specifier: string): Import => ({ specifier, isType: true });

/** What each file must not import, and what it may. */
const planted: Readonly<
  Record<string, { readonly forbidden: readonly Import[]; readonly allowed: readonly Import[] }>
> = {
  "core/step.ts": {
    forbidden: [
      ...["../lib/text.ts", "../dns/resolver.ts", "../daemon.ts", "./../lib/text.ts"].map(asValue),
      ...["node:fs", "zod", "@hono/node-server", "./step.test.ts", "../../test/support/programs.ts"].map(asValue),
      asType("../lib/clock.ts"),
    ],
    allowed: [asValue("./model.ts"), asType("./model.ts"), asValue("./rules/first.ts")],
  },
  "core/rules/first.ts": { forbidden: [asValue("../../lib/text.ts")], allowed: [asValue("../model.ts")] },
  "lib/text.ts": {
    forbidden: ["../core/model.ts", "../dns/resolver.ts", "./../core/model.ts", "node:perf_hooks"].map(asValue),
    allowed: ["./ip.ts", "node:util", "pino"].map(asValue),
  },
  "terminal/own.ts": {
    forbidden: ["../cli/times.ts", "../demo/view.ts", "../lib/text.ts", "../main.ts", "./own.test.ts"].map(asValue),
    allowed: ["./screen-text.ts", "node:util", "yocto-spinner"].map(asValue),
  },
  "daemon.ts": {
    forbidden: ["./dns/resolver.ts", "./main.ts", "node:fs", "zod"].map(asValue),
    allowed: ["./core/step.ts", "./lib/clock.ts"].map(asValue),
  },
  "web/api/schema/own.ts": {
    forbidden: ["../../../store/store.ts", "../../../config/config.ts", "../../dashboard/app.tsx"].map(asValue),
    allowed: ["../../../core/model.ts", "../dates.ts"].map(asValue),
  },
  "channels/kind.ts": {
    forbidden: ["./telegram/telegram.ts", "./registry.ts", "../notify/notifier.ts", "../config/schema.ts"].map(asValue),
    allowed: ["./channel.ts", "../config/format/problem.ts", "../core/message.ts", "../lib/secret.ts"].map(asValue),
  },
  "channels/telegram/own.ts": {
    forbidden: [
      "../other/settings.ts",
      "../../emulation/channels/telegram-html.ts",
      "../registry.ts",
      "../../notify/message.ts",
      "../../config/fields.ts",
      "../../cli/run.ts",
    ].map(asValue),
    allowed: ["./settings.ts", "../channel.ts", "../../config/format/fields.ts", "../../core/message.ts", "zod"].map(
      asValue,
    ),
  },
  "channels/telegram/fake.ts": {
    forbidden: ["../../emulation.ts", "../../simulation/world.ts", "../webhook/fake.ts"].map(asValue),
    allowed: ["../../emulation/channels/telegram-html.ts", "../fake.ts", "./settings.ts"].map(asValue),
  },
  "channels/registry.ts": {
    forbidden: ["../core/model.ts", "../lib/secret.ts", "../config/config.ts"].map(asValue),
    allowed: ["./telegram/telegram.ts", "./other/other.ts", "./kind.ts"].map(asValue),
  },
  "checks/kind.ts": {
    forbidden: ["./http/http.ts", "./registry.ts", "../probe/round.ts", "../config/schema.ts"].map(asValue),
    allowed: ["./attempt.ts", "../config/format/problem.ts", "../core/model.ts", "../lib/clock.ts"].map(asValue),
  },
  "checks/http/own.ts": {
    forbidden: ["../other/probe.ts", "../registry.ts", "../../probe/round.ts", "../../config/fields.ts"].map(asValue),
    allowed: ["./judge.ts", "../attempt.ts", "../../config/format/fields.ts", "../../core/model.ts"].map(asValue),
  },
  "checks/registry.ts": {
    forbidden: ["../core/model.ts", "../config/config.ts", "../probe/prober.ts"].map(asValue),
    allowed: ["./http/http.ts", "./other/other.ts", "./kind.ts"].map(asValue),
  },
  "notify/notifier.ts": {
    forbidden: ["../channels/telegram/channel.ts", "../channels/registry.ts"].map(asValue),
    allowed: ["../channels/channel.ts", "../channels/rendering.ts"].map(asValue),
  },
  "assembly/channels.ts": {
    forbidden: ["../channels/telegram/channel.ts", "../runtime/node/ports.ts", "node:fs", "node:os"].map(asValue),
    allowed: ["../channels/registry.ts", "../channels/kind.ts", "./ports.ts", "zod"].map(asValue),
  },
  "runtime/node/own.ts": {
    forbidden: ["../../cli/run.ts", "../../emulation/world.ts", "../../simulation/world.ts"].map(asValue),
    allowed: ["./clock.ts", "../../assembly/ports.ts", "../../store/store.ts", "node:fs", "node:timers"].map(asValue),
  },
  "runtime/node/clock.ts": {
    forbidden: ["./ports.ts", "../../assembly/ports.ts"].map(asValue),
    allowed: ["../../lib/clock.ts"].map(asValue),
  },
  "simulation/model.ts": {
    forbidden: [
      "../runtime/node/ports.ts",
      "../runtime/node/clock.ts",
      "../notify/notifier.ts",
      "../cloud/cloudflare.ts",
    ].map(asValue),
    allowed: ["../assembly/parts.ts", "../emulation/cloudflare/api.ts"].map(asValue),
  },
  "config/load.ts": {
    forbidden: ["../web/server.ts", "../daemon.ts", "./own.test.ts"].map(asValue),
    allowed: ["./format/walk.ts", "./original/translate.ts", "../core/model.ts", "zod"].map(asValue),
  },
  "config/format/own.ts": {
    forbidden: [
      "../schema.ts",
      "../rules.ts",
      "../original/schema.ts",
      "../../web/server.ts",
      "node:perf_hooks",
      "node:fs",
    ].map(asValue),
    allowed: ["./walk.ts", "../../core/model.ts", "../../lib/secret.ts", "yaml"].map(asValue),
  },
  "emulation/own.ts": {
    forbidden: ["../demo/stage.ts", "../core/model.ts", "../assembly/assembly.ts"].map(asValue),
    allowed: ["../lib/clock.ts", "node:dgram", "node:timers/promises"].map(asValue),
  },
  "main.ts": {
    forbidden: ["../test/support/programs.ts", "./a.test.ts"].map(asValue),
    allowed: ["./cli/run.ts", "./assembly/version.ts"].map(asValue),
  },
  "cli/doctor/own.ts": {
    forbidden: ["../../../test/support/programs.ts", "../../main.ts", "../../web/dashboard/app.tsx"].map(asValue),
    allowed: ["../../dns/resolver.ts", "../../what-if/play.ts", "node:timers/promises"].map(asValue),
  },
  "assembly/version.ts": { forbidden: [asValue("../../tsconfig.json")], allowed: [asValue("../../package.json")] },
  "dns/own.test.ts": {
    forbidden: ["../web/server.ts", "../main.ts", "../../test/../scripts/build.ts", "./other.test.ts"].map(asValue),
    allowed: [
      "node:test",
      "node:timers/promises",
      "fast-check",
      "./own.ts",
      "../core/model.ts",
      "../emulation/dns/server.ts",
      "../../test/support/programs.ts",
    ].map(asValue),
  },
  "nowhere/own.ts": { forbidden: [asValue("zod")], allowed: [] },

  ...Object.fromEntries(
    adapters.flatMap((adapter) => {
      const other = adapter === "web" ? "store" : "web";
      return [
        [
          `${adapter}/own.ts`,
          {
            forbidden: [
              `../${other}/server.ts`,
              `./../${other}/server.ts`,
              "../daemon.ts",
              "../main.ts",
              "../cli/run.ts",
              "../demo/main.ts",
              "../emulation/world.ts",
              "../../test/support/programs.ts",
              "./own.test.ts",
              "node:timers/promises",
              "node:perf_hooks",
            ].map(asValue),
            allowed: ["./other.ts", "./deeper/other.ts", "../core/model.ts", "../lib/text.ts", "node:net", "zod"].map(
              asValue,
            ),
          },
        ],
        [
          `${adapter}/deeper/own.ts`,
          {
            forbidden: ["../../main.ts", `../../${other}/server.ts`].map(asValue),
            allowed: ["../other.ts", "../../core/model.ts", "../../lib/text.ts"].map(asValue),
          },
        ],
      ];
    }),
  ),

  // From the bottom up: each knows what it builds on, and nobody who builds on it.
  ...Object.fromEntries(
    Object.entries({
      assembly: { below: [], above: ["terminal", "emulation", "demo", "simulation", "what-if", "cli"] },
      demo: { below: ["assembly", "emulation", "terminal"], above: ["simulation", "what-if", "cli"] },
      simulation: { below: ["assembly", "emulation"], above: ["terminal", "demo", "what-if", "cli"] },
      "what-if": { below: ["assembly", "emulation", "simulation"], above: ["terminal", "demo", "cli"] },
    }).map(([folder, { below, above }]) => [
      `${folder}/own.ts`,
      {
        forbidden: [
          ...above.map((other) => `../${other}/deeper/other.ts`),
          "../main.ts",
          "../../test/support/programs.ts",
          "./own.test.ts",
        ].map(asValue),
        allowed: ["store", "config", ...below].map((other) => asValue(`../${other}/other.ts`)),
      },
    ]),
  ),

  ...Object.fromEntries(
    ["main.tsx", "data/live.ts", "parts/next.tsx"].map((name) => {
      const web = name.includes("/") ? "../.." : "..";
      return [
        `web/dashboard/${name}`,
        {
          forbidden: [
            ...[`${web}/server.ts`, `${web}/../core/model.ts`, `${web}/api/schema/status.ts`, "node:fs", "zod"].map(
              asValue,
            ),
            asType(`${web}/api/dates.ts`),
          ],
          allowed: [asType(`${web}/api/schema/status.ts`), asValue("preact"), asValue("./other.tsx")],
        },
      ];
    }),
  ),
};

test("every rule objects to what it must, and to nothing else", () => {
  const mistakes = Object.entries(planted).flatMap(([file, { forbidden, allowed }]) => [
    ...forbidden.filter((each) => objection(file, each) === undefined).map((each) => ({ file, mustObjectTo: each })),
    ...allowed.filter((each) => objection(file, each) !== undefined).map((each) => ({ file, mustAllow: each })),
  ]);
  assert.deepEqual(mistakes, []);
});

function importsOf(file: string): readonly Import[] {
  return importsIn(readFileSync(join(src, file), "utf8"), file);
}

interface Node {
  readonly type: string;
  readonly source?: { readonly value?: unknown } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
}

/** All that a file imports, in any form. */
function importsIn(text: string, file: string): readonly Import[] {
  const imports: Import[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("type" in value && "source" in value) {
      const node = value as Node;
      const specifier = node.source?.value;
      const isType = [node.importKind, node.exportKind].includes("type") || node.type === "TSImportType";
      if (typeof specifier === "string") imports.push({ specifier, isType });
    }
    for (const part of Object.values(value)) visit(part);
  };
  visit(parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" }, file));
  return imports;
}
