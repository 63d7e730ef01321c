// The site that `npm run site` builds: every page of docs/ is on it and in its menu, it loads nothing from elsewhere, and a
// link that leads nowhere fails the build.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "ccs-site-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Builds the site of a folder of pages; where to, and how that ended. */
function build(pages: string): { readonly built: string; readonly status: number | null; readonly output: string } {
  const built = join(folder, "built");
  const program = join(root, "node_modules/vitepress/bin/vitepress.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "build", pages, "--outDir", built], {
    encoding: "utf8",
    cwd: pages,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { built, status, output: `${stdout}${stderr}` };
}

/** A copy of docs/ that may be broken. */
function copyOfPages(name: string, take: (path: string) => boolean = () => true): string {
  const copy = join(folder, name, "docs");
  mkdirSync(copy, { recursive: true });
  cpSync(join(root, "docs"), copy, {
    recursive: true,
    filter: (path) => !/\.vitepress\/(?:cache|dist)/.test(path) && take(path),
  });
  writeFileSync(join(folder, name, "package.json"), '{ "type": "module" }');
  symlinkSync(join(root, "node_modules"), join(folder, name, "node_modules"));
  return copy;
}

test("the site has every page, in its menu as well, and loads nothing from elsewhere", () => {
  const { built, status, output } = build(join(root, "docs"));
  assert.equal(status, 0, output);
  const pages = globSync("*.md", { cwd: join(root, "docs") }).map((name) => name.replace(/\.md$/, ""));
  const home = readFileSync(join(built, "index.html"), "utf8");
  const menu = home.slice(home.indexOf("VPSidebar"));
  for (const page of pages) {
    assert.ok(globSync(`${page}.html`, { cwd: built }).length === 1, page);
    if (page !== "index") assert.ok(menu.includes(`href="/${page}.html"`), `${page} is not in the menu`);
  }
  assert.ok(pages.length > 20, `${pages.length}`);
  assert.deepEqual(foreignLoads(built), []);
  // Search works without anybody's server.
  assert.ok(globSync("assets/chunks/*localSearchIndex*.js", { cwd: built }).length > 0);
});

test("what a page loads from elsewhere is noticed", () => {
  const site = join(folder, "planted");
  mkdirSync(site);
  const planted = {
    "script.html": '<script type="module" src="https://cdn.example/x.js"></script>',
    "font.html": '<link rel="preload" as="font" href="//fonts.example/x.woff2">',
    "image.html": '<img alt="" src="http://images.example/x.png">',
    "style.css": "@font-face { src: url(https://fonts.example/x.woff2) }",
    "import.css": '@import "https://styles.example/x.css";',
    "fine.html": '<a href="https://example.com/">a link</a><a href="//example.com">another</a><img src="/x.png">',
  };
  for (const [name, text] of Object.entries(planted)) writeFileSync(join(site, name), text);
  const found = foreignLoads(site).map((each) => each.split(":")[0] ?? "");
  assert.deepEqual(found.toSorted(), ["font.html", "image.html", "import.css", "script.html", "style.css"]);
});

test("a link that leads nowhere fails the build", () => {
  const pages = copyOfPages("dead", (path) => !path.endsWith(".md"));
  writeFileSync(join(pages, "index.md"), "# Home\n\n[gone](gone.md)\n");
  const { status, output } = build(pages);
  assert.notEqual(status, 0);
  assert.match(output, /dead link/i);
  assert.match(output, /gone/);
});

/** What pages and styles load by themselves from other hosts: links that a reader may follow are none of it. */
function foreignLoads(site: string): readonly string[] {
  return globSync("**/*.{html,css}", { cwd: site }).flatMap((name) => {
    const text = readFileSync(join(site, name), "utf8");
    const tags = name.endsWith(".html")
      ? (text.match(/<(?:script|link|img|iframe|source|video|audio|embed|object)\b[^>]*>/g) ?? [])
      : [];
    const loads = tags.flatMap((tag) =>
      [...tag.matchAll(/\s(?:src|href|srcset|data)="([^"]*)"/g)].map(([, url = ""]) => url),
    );
    const styles = [...text.matchAll(/url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    );
    return [...loads, ...styles].filter((url) => /^(?:[a-z]+:)?\/\//i.test(url)).map((url) => `${name}: ${url}`);
  });
}
