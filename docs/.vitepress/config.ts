// The documentation site: `npm run site` builds docs/.vitepress/dist, which needs no server of its own and loads nothing
// from elsewhere. A dead link fails the build. The pages are the files of docs/, which read as well on a code host.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type DefaultTheme, type SiteConfig } from "vitepress";
import { createLogger, type Plugin } from "vite";

/** Where the sources can be read, such as https://git.example.com/ccs/-/blob/main; without it, links to them are plain text. */
const sources = process.env["CCS_SOURCES_URL"];

/**
 * VitePress 1.6 was made for Vite 5, whose tree holds a package with an install script; here it runs on the Vite of the
 * dashboard. Two things that it does are no longer possible there, and are done in another way.
 */
const onCurrentVite: Plugin = {
  name: "on-current-vite",
  enforce: "post",
  // Scripts in the head would be made smaller by a program that is not installed, unless they are of another type: this one
  // is the same to a browser.
  configResolved(config) {
    const { site } = (config as unknown as { readonly vitepress: SiteConfig }).vitepress;
    for (const [tag, attributes] of site.head) if (tag === "script") attributes["type"] ??= "text/ecmascript";
  },
  // The code that the first page of a visit loads, by its name: VitePress leaves out what the page shows already, which
  // only saves some bytes.
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk" || chunk.facadeModuleId?.endsWith(".md") !== true) continue;
      const fileName = chunk.fileName.replace(/\.js$/, ".lean.js");
      this.emitFile({ type: "asset", fileName, source: chunk.code });
    }
  },
};

const logger = createLogger("warn");
/** Without what `onCurrentVite` makes good, and without how long plugins take. */
const quieter: typeof logger = {
  ...logger,
  warn: (message, options) => {
    if (!/assigns to bundle variable|PLUGIN_TIMINGS/.test(message)) logger.warn(message, options);
  },
};

export default defineConfig({
  title: "CCS",
  titleTemplate: ":title – Cloudflare CNAME Switcher",
  description: "Keeps a DNS name on Cloudflare pointing at the best of your internet connections that works.",
  lang: "en",
  cleanUrls: false,
  // A page loads nothing from elsewhere, and a site can be opened below any path.
  base: process.env["CCS_SITE_BASE"] ?? "/",
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (markdown) => {
      markdown.core.ruler.push("sources", ({ tokens }) => {
        for (const { children } of tokens) linkSources(children ?? []);
      });
    },
  },
  vite: {
    plugins: [onCurrentVite],
    build: {
      chunkSizeWarningLimit: 1_000,
    },
    customLogger: quieter,
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Start", link: "/start" },
      { text: "Configuration", link: "/configuration" },
      { text: "Troubleshooting", link: "/troubleshooting" },
    ].filter(isWritten),
    sidebar: [
      group("Start", [
        ["What it is", "index"],
        ["Run it in five minutes", "start"],
        ["The home side", "home-side"],
        ["The Cloudflare token", "token"],
        ["Proxied or not", "proxied"],
        ["Your services", "services"],
      ]),
      group("Ways to run it", [
        ["Docker", "docker"],
        ["systemd and .deb", "systemd"],
        ["Kubernetes", "kubernetes"],
        ["Behind a reverse proxy", "reverse-proxy"],
        ["Ports and proxies", "network"],
      ]),
      group("Day to day", [
        ["Commands", "commands"],
        ["Dashboard", "dashboard"],
        ["Telegram", "telegram"],
        ["Webhook", "webhook"],
        ["Every message", "messages"],
        ["Alerts and Grafana", "alerts"],
        ["Reading the logs", "logs"],
        ["Recipes", "recipes"],
        ["What would happen", "what-if"],
      ]),
      group("Upkeep", [
        ["Troubleshooting", "troubleshooting"],
        ["Upgrade and roll back", "upgrade"],
        ["Verify what you install", "verify"],
        ["Back up the state", "backup"],
        ["Several monitors", "several-monitors"],
        ["Uninstall", "uninstall"],
      ]),
      group("Moving here", [
        ["From the original", "migration"],
        ["Compared with others", "comparison"],
      ]),
      group("Reference", [
        ["Configuration", "configuration"],
        ["HTTP API", "api"],
        ["Metrics", "metrics"],
        ["Security", "security"],
        ["Reliability", "reliability"],
        ["Performance", "performance"],
        ["Architecture", "architecture"],
        ["Make a release", "releasing"],
      ]),
    ],
  },
});

/** Part of the menu. A page that is not written yet is left out. */
function group(text: string, pages: readonly (readonly [text: string, page: string])[]): DefaultTheme.SidebarItem {
  const items = pages.map(([title, page]) => ({ text: title, link: page === "index" ? "/" : `/${page}` }));
  return { text, items: items.filter(isWritten) };
}

function isWritten({ link }: { readonly link: string }): boolean {
  const page = link === "/" ? "index" : link.slice(1);
  return existsSync(join(import.meta.dirname, "..", `${page}.md`));
}

interface Token {
  readonly type: string;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
  tag: string;
  attrs: [string, string][] | null;
}

/** Files outside docs/ are not on the site: a link to one leads to where the sources are, or is no link. */
function linkSources(tokens: readonly Token[]): void {
  let isWithin = false;
  for (const token of tokens) {
    if (token.type === "link_open") {
      const [, path] = /^\.\.\/(.+)$/.exec(token.attrGet("href") ?? "") ?? [];
      if (path === undefined) continue;
      if (sources !== undefined) token.attrSet("href", `${sources}/${path}`);
      else {
        isWithin = true;
        token.tag = "span";
        token.attrs = null;
      }
    } else if (token.type === "link_close" && isWithin) {
      isWithin = false;
      token.tag = "span";
    }
  }
}
