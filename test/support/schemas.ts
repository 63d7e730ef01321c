// Judges values by the JSON schemas in test/fixtures/schemas/.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";

const folder = join(import.meta.dirname, "../fixtures/schemas");

/** The schemas name these, and a validator has none of its own. */
const formats = {
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  "uri-reference": /^\S+$/,
  "iri-reference": /^\S+$/,
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
  "idn-email": /^\S+@\S+$/,
  email: /^\S+@\S+$/,
  regex: true as const,
};

const ajv = new Ajv({ strict: false, allErrors: true, formats });
for (const name of globSync("*.json", { cwd: folder }).toSorted()) ajv.addSchema(schemaIn(name), name);

/** What is wrong with `value` by the schema in this file; empty where nothing is. */
export function problemsBy(file: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(file);
  if (validate === undefined) throw new Error(`there is no schema ${file}`);
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message = "" }) => `${instancePath}: ${message}`);
}

function schemaIn(name: string): object {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as object;
}
