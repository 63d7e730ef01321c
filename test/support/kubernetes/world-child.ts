// The emulated world as a process of its own, in whichever network it is started: prints a configuration for it and the tokens of
// its Cloudflare and Telegram as one line of JSON, and ends with its standard input.
import { startWorld } from "../../../src/emulation/world.ts";
import { configOf } from "../world-config.ts";

await using world = await startWorld();
const config = configOf(world)("/unused")
  .replace(`token: ${world.cloudflare.token}`, "token_file: /run/secrets/cloudflare_token")
  .replace(/token: .*\n( +chat_id)/, "token_file: /run/secrets/telegram_token\n$1");
const tokens = { cloudflare: world.cloudflare.token, telegram: world.telegram.token };
process.stdout.write(`${JSON.stringify({ config, ...tokens })}\n`);
for await (const _ of process.stdin) continue;
