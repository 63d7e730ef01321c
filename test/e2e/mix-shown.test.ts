// What people see of the mix of a CNAME ingress: before it is used, while it is, and where it cannot be.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { outputs } from "../../src/cli/outputs.ts";
import { ingressName, mixName, startWorld, type World, type WorldOptions } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { configOf, partsOf, type ConfigFile } from "../support/world-config.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-mix-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function configFile(world: World, edit?: (config: ConfigFile) => void): string {
  const own = mkdtempSync(join(folder, "own-"));
  const path = join(own, "config.yml");
  writeFileSync(path, configOf(world, edit)(own), { mode: 0o600 });
  return path;
}

/** The command's output in one line. */
async function told(args: readonly string[], path: string): Promise<{ code: number | null; text: string }> {
  const { code, stdout, stderr } = await runCcs([...args, "--config", path]);
  assert.equal(stderr, "");
  return { code, text: stdout.replaceAll(/\s+/g, " ") };
}

const atMobile: WorldOptions = {
  records: [{ type: "CNAME", name: ingressName, content: "secondary.example.com", ttl: 300 }],
};

const waiting = (config: ConfigFile): void => {
  partsOf(config).ingress.mix_wait = "45s";
};

describe("the mix of a CNAME ingress, as it is shown", { concurrency: 2 }, () => {
  test("ccs explain lists the steps by their names", async () => {
    await using world = await startWorld();
    const { text } = await told(["explain"], configFile(world, waiting));
    assert.match(text, /^ingress\.example\.com CNAME; mix at ingress-mix\.example\.com /);
    assert.match(
      text,
      /first ingress-mix\.example\.com: the addresses of cable and mobile \(TTL 1 min\) then 45 s ingress/,
    );
    assert.match(
      text,
      /then 45 s ingress\.example\.com: CNAME ingress-mix\.example\.com \(TTL 1 min\), after every name server has shown the mix for that long at its end 1 s ingress\.example\.com: CNAME primary\.example\.com \(TTL 1 min\) unused 1 h ingress-mix\.example\.com: its records are removed/,
    );
  });

  test("ccs explain says why there is none", async () => {
    await using world = await startWorld();
    const proxied = configFile(world, (config) => {
      partsOf(config).ingress.proxied = true;
    });
    assert.match((await told(["explain"], proxied)).text, /CNAME; no mix .* never: a proxied CNAME has no mix /);
    const taken = configFile(world, (config) => {
      const { ingress } = partsOf(config);
      config.ingresses.push({ ...structuredClone(ingress), record: mixName, mix_record: "other.example.com" });
    });
    const { stdout, stderr } = await runCcs(["explain", ingressName, "--config", taken]);
    const why = "ingress-mix.example.com would be the name of its mix, but is already a record or a target";
    assert.ok(stdout.replaceAll(/\s+/g, " ").includes(`never: ${why}`), stdout + stderr);
    const validated = await runCcs(["validate", "--config", taken]);
    assert.equal(validated.code, 0);
    assert.ok(`${validated.stdout}${validated.stderr}`.includes(why));
  });

  test("ccs plan lists the records, and writes nothing", async () => {
    await using world = await startWorld(atMobile);
    const path = configFile(world, waiting);
    const { code, text } = await told(["plan"], path);
    assert.equal(code, 2);
    const { cable, mobile } = world;
    assert.match(text, /mix ingress-mix\.example\.com: no record when a running daemon returns from mobile to cable: /);
    assert.ok(
      text.includes(`first ingress-mix.example.com: A ${cable.address}, A ${mobile.address} (TTL 1 min) then 45 s`),
      text,
    );
    const { stdout } = await runCcs(["plan", "--json", "--config", path]);
    const [ingress] = outputs.plan.parse(JSON.parse(stdout)).ingresses;
    assert.deepEqual(
      ingress?.mix?.paths[0]?.steps.map(({ when }) => when),
      ["first", "shown", "end", "unused"],
    );
    assert.equal(world.cloudflare.counts.writes, 0);
  });

  test("ccs plan follows a record that points to its mix", async () => {
    await using world = await startWorld({
      records: [{ type: "CNAME", name: ingressName, content: mixName, ttl: 60 }],
    });
    const comment = "managed by cloudflare-cname-switcher";
    for (const content of [world.cable.address, world.mobile.address]) {
      world.cloudflare.hand.add({ name: mixName, type: "A", content, ttl: 60, comment });
    }
    const { code, text } = await told(["plan"], configFile(world));
    assert.equal(code, 2);
    assert.match(
      text,
      /active: cable, because ingress\.example\.com already pointed to it - CNAME ingress-mix\.example\.com/,
    );
    assert.match(text, /ingress\.example\.com points to it now; only the running daemon knows until when/);
  });

  test("ccs plan names a conversion as one", async () => {
    await using world = await startWorld();
    const { code, text } = await told(
      ["plan"],
      configFile(world, (config) => {
        partsOf(config).ingress.publish = "addresses";
      }),
    );
    assert.equal(code, 2);
    assert.match(text, /The record is converted from a CNAME to addresses, once: publish: addresses asks for it\./);
  });

  test("ccs plan and ccs doctor tell what stands at its name, and what would answer for it", async () => {
    await using world = await startWorld();
    const path = configFile(world);
    const fine = await told(["doctor"], path);
    assert.match(fine.text, /✓ mix of ingress\.example\.com: ingress-mix\.example\.com: no record yet/);
    world.cloudflare.hand.add({ type: "A", name: "*.example.com", content: "127.0.0.9" });
    const wildcard =
      /! (?:mix of ingress\.example\.com: )?if the records of ingress-mix\.example\.com were deleted while the ingress points to it, the wildcard \*\.example\.com \(A 127\.0\.0\.9\) would answer for it/;
    assert.match((await told(["doctor"], path)).text, wildcard);
    assert.match((await told(["plan"], path)).text, wildcard);
    world.cloudflare.hand.add({ type: "A", name: mixName, content: "127.0.0.8", comment: "the printer" });
    const taken =
      "ingress-mix.example.com has a record that ccs did not create: A 127.0.0.8; a failback goes to a single endpoint";
    assert.ok((await told(["doctor"], path)).text.includes(`! mix of ingress.example.com: ${taken}`));
    assert.ok((await told(["plan"], path)).text.includes(`no mix: ${taken}`));
  });
});
