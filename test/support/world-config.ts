// Configurations of a daemon that watches the emulated world, as a test wants them.
import { parse, stringify } from "yaml";
import { worldConfig, type Tempo, type World } from "../../src/emulation/world.ts";

/** A configuration file as data, as far as tests set it. */
export interface ConfigFile {
  cloudflare: { token: string; api_url: string; nameservers?: string[] };
  ingresses: IngressInFile[];
  notify?: TelegramInFile[];
  http: { listen: string; token?: string };
  state_dir: string;
  timezone?: string;
  anchors?: string[];
}

export interface TelegramInFile {
  kind: "telegram";
  token: string;
  chat_id: number | string;
  api_url: string;
  initial_silence?: string;
}

export interface IngressInFile {
  mix_record?: string;
  mix_wait?: string;
  record: string;
  zone?: string;
  publish?: "auto" | "cname" | "addresses";
  proxied?: boolean;
  hold_up?: string;
  reconcile_interval?: string;
  allow_private?: boolean;
  endpoints: EndpointInFile[];
}

export interface EndpointInFile {
  name: string;
  target: string | string[];
  priority?: number;
  ttl?: string;
  sticky?: string;
  resolvers?: string[];
  check?: CheckInFile;
}

export interface CheckInFile {
  url: string;
  contains?: string;
  interval?: string;
  fast_interval?: string;
  timeout?: string;
  rise?: number;
  fall?: number;
  ca_file?: string;
}

/** The rhythm that the product is measured by. A busy machine answers well within the timeout. */
export const quick: Tempo = {
  interval: "400ms",
  fastInterval: "100ms",
  timeout: "2s",
  rise: 2,
  fall: 2,
  holdUp: "0s",
  sticky: "1s",
};

/** The text of a configuration over `world`, with its web server on any free port, and with the changes of `edit`. */
export function configOf(
  world: World,
  edit: (config: ConfigFile) => void = () => {},
  tempo: Partial<Tempo> = {},
): (folder: string) => string {
  return (folder) => {
    const text = worldConfig(world, { ...quick, ...tempo }, { stateDir: `${folder}/state`, listen: "127.0.0.1:0" });
    const config = parse(text) as ConfigFile;
    // Whoever has no way to the world has none to this either; nothing outside this machine is asked.
    config.anchors = [`127.0.0.1:${world.cloudflare.port}`];
    edit(config);
    return stringify(config);
  };
}

/** The world's Telegram channel. */
export function telegramOf({ notify }: ConfigFile): TelegramInFile {
  const [telegram] = notify ?? [];
  if (telegram === undefined) throw new Error("the world has a Telegram channel");
  return telegram;
}

/** The parts of a configuration that most edits are about. */
export function partsOf(config: ConfigFile): { ingress: IngressInFile; cable: EndpointInFile; mobile: EndpointInFile } {
  const [ingress] = config.ingresses;
  const [cable, mobile] = ingress?.endpoints ?? [];
  if (ingress === undefined || cable === undefined || mobile === undefined) throw new Error("the world has two lines");
  return { ingress, cable, mobile };
}
