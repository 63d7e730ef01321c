// Preloaded into every test file by `npm test`. A socket, timer or child process that a test leaves open would keep its
// file running for ever: here the file fails instead, and says what is still open.
import { after } from "node:test";

/** A browser may take its time to end, and a machine has minutes in which it does everything four times slower. */
const graceMs = 30_000;
/** Simulated hours have only what the other tests leave of the machine. */
const fileMs = /[/\\]simulation[/\\]/.test(process.argv[1] ?? "") ? 900_000 : 300_000;

// Neither timer keeps a file running that has nothing left to do.
after(() => setTimeout(() => fail(`still open ${graceMs / 1_000} s after the last test`), graceMs).unref());
setTimeout(() => fail(`not done after ${fileMs / 1_000} s, with open`), fileMs).unref();

function fail(what: string): void {
  // Two pipes are the test runner's own: standard output and error.
  console.error(`${process.argv[1]}: ${what}: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(1);
}
