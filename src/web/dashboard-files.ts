// Serves the built dashboard: the page at `/`, and its assets, whose names change with their content. All of it is held
// in memory, compressed as it was built.
import { extname } from "node:path";
import type { Context, Hono } from "hono";
import type { Env } from "./api/middleware.ts";

interface Variant {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The name of its compression; missing for the plain file. */
  readonly encoding?: "br" | "gzip";
}

interface StoredFile {
  readonly contentType: string;
  /** The smallest first, the plain one last. */
  readonly variants: readonly Variant[];
}

/** The files of the built page by path, such as `assets/index-1a2b3c4d.js`; empty when nothing was built there. */
export type DashboardFiles = ReadonlyMap<string, StoredFile>;

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** What was built, by name: each file, and compressed with `.br` and `.gz` after its name. Empty when nothing was. */
export type BuiltFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** Sorts what was built into files and their variants. */
export function servedFiles(built: BuiltFiles): DashboardFiles {
  return new Map(
    [...built].flatMap(([name, body]): [string, StoredFile][] => {
      const contentType = contentTypes[extname(name)];
      if (contentType === undefined) return [];
      const compressed = (["br", "gzip"] as const).flatMap((encoding): Variant[] => {
        const variant = built.get(`${name}.${encoding === "br" ? "br" : "gz"}`);
        return variant === undefined ? [] : [{ body: variant, encoding }];
      });
      return [[name, { contentType, variants: [...compressed, { body }] }]];
    }),
  );
}

/** What the page may do: use its own files, and ask this server. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Adds the routes of the page. `page`: the name of the file at `/`. */
export function addDashboard(app: Hono<Env>, files: DashboardFiles, options: { version: string; page: string }): void {
  const page = files.get(options.page);
  app.get("/", (context) => {
    if (page === undefined) return context.text(notBuilt(options.version));
    context.header("content-security-policy", pagePolicy);
    return answer(context, page);
  });
  app.get("/assets/:name", (context) => {
    const file = files.get(`assets/${context.req.param("name")}`);
    if (file === undefined) return context.notFound();
    context.header("cache-control", "public, max-age=31536000, immutable");
    return answer(context, file);
  });
}

function answer(context: Context, { contentType, variants }: StoredFile): Response {
  const accepted = acceptedEncodings(context.req.header("accept-encoding") ?? "");
  const variant = variants.find(({ encoding }) => encoding === undefined || accepted.includes(encoding));
  if (variant === undefined) return context.body(null, 406);
  context.header("vary", "accept-encoding");
  if (variant.encoding !== undefined) context.header("content-encoding", variant.encoding);
  return context.body(variant.body, 200, { "content-type": contentType });
}

/**
 * What an Accept-Encoding header (RFC 9110, section 12.5.3) names and does not refuse. Browsers give no other weight
 * than 0 a meaning here. Cut at signs, with no patterns: anyone who asks may write 8 kB of anything.
 */
export function acceptedEncodings(header: string): readonly string[] {
  return header.split(",").flatMap((each) => {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return weight !== undefined && Number(weight) === 0 ? [] : [name];
  });
}

function notBuilt(version: string): string {
  return `Cloudflare CNAME Switcher ${version}

The dashboard is not built. In a checkout: npm run build, then start the daemon again.

/healthz   whether the daemon is alive
/readyz    whether it knows enough to decide, and what is missing
/metrics   for Prometheus
/api/v1    status, events, history, stream and changes: see /api/v1/openapi.json
`;
}
