// What `npm run demo` runs: `ccs demo`, straight from the sources.
import { main } from "../main.ts";

await main(["demo", ...process.argv.slice(2)]);
