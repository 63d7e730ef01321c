// The units for systemd, as text. deploy/systemd/ccs.service is `packagedUnit`.
import { channelKinds } from "../../channels/registry.ts";

/**
 * What a unit starts: the program with the arguments that come before a command, and the configuration; absolute paths.
 */
export interface UnitPlaces {
  readonly program: readonly string[];
  readonly config: string;
}

/** Where a system service has everything. */
export const systemPlaces = {
  folder: "/etc/ccs",
  config: "/etc/ccs/config.yml",
  credentials: "/etc/ccs/credentials",
  state: "/var/lib/ccs",
} as const;

/** The unit of the Debian package. */
export function packagedUnit(): string {
  const places = { program: ["/usr/bin/ccs"], config: systemPlaces.config };
  return systemUnit(places, "Cloudflare CNAME Switcher as a service of the system. See docs/systemd.md.");
}

/**
 * The file with a secret in the folder for credentials: `of` what, a section or a kind of channel, and by which key.
 */
export function credentialName(of: string, key: string): string {
  return `${of}-${key}`;
}

/** The secrets that a configuration may take from files. */
export const credentialNames: readonly string[] = [
  credentialName("cloudflare", "token"),
  ...channelKinds.flatMap(({ kind, secrets }) => Object.keys(secrets).map((key) => credentialName(kind, key))),
  credentialName("http", "token"),
];

export const unitName = "ccs.service";

/**
 * A unit for the whole system: a user of its own that exists while it runs, no capabilities, next to nothing to write
 * to.
 */
export function systemUnit(places: UnitPlaces, opening: string): string {
  const credentials = credentialNames.flatMap((name) => [
    `LoadCredential=${name}:${systemPlaces.credentials}/${name}`,
    // Where there is no such file, an empty one takes its place, which is no mistake until the configuration names it.
    String.raw`SetCredential=${name}:\n`,
  ]);
  return `${unitSection(places, opening, ["Wants=network-online.target", "After=network-online.target nss-lookup.target"])}
${serviceSection(places)}

# Its own user, which exists while it runs. systemd reads the tokens as root, and hands them over; one that is missing is
# an empty line.
DynamicUser=yes
User=ccs
StateDirectory=ccs
StateDirectoryMode=0700
UMask=0077
${credentials.join("\n")}

# It reads its configuration, writes its state, and uses the network. MemoryDenyWriteExecute is impossible: Node compiles
# what it runs.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
KeyringMode=private
RemoveIPC=yes
RestrictNamespaces=yes
${sandbox}
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`;
}

/** A unit of one user's, with what of this a user may ask for. State and tokens are in this user's own folders. */
export function userUnit(places: UnitPlaces, opening: string): string {
  return `${unitSection(places, opening, [])}
${serviceSection(places)}

UMask=0077
${sandbox}

[Install]
WantedBy=default.target
`;
}

function unitSection({ config }: UnitPlaces, opening: string, order: readonly string[]): string {
  return `# ${opening}
[Unit]
Description=Cloudflare CNAME Switcher
Documentation=man:ccs(1)
${[...order, ""].join("\n")}# Without a configuration it is not started, and that is no failure.
ConditionPathExists=${escaped(config)}
# It never gives up: whatever keeps it from starting may be over.
StartLimitIntervalSec=0
`;
}

function serviceSection({ program, config }: UnitPlaces): string {
  const [executable = "", ...before] = program;
  const command = (...args: readonly string[]): string =>
    [quoted(executable), ...[...before, ...args].map((each) => quoted(each.replaceAll("$", "$$$$")))].join(" ");
  return `[Service]
Type=notify
# Messages come from systemd-notify, a process of its own.
NotifyAccess=all
ExecStart=${command("run", "--config", config)}
# A configuration with a mistake changes nothing: \`systemctl status ccs\` and the journal say so.
ExecReload=/bin/sh -c "kill -HUP $$MAINPID"
Restart=on-failure
RestartSec=5
# A wrong command line, or a wrong configuration: a start anew would not change that.
RestartPreventExitStatus=64 78
TimeoutStopSec=30
# A loop that has hung for so long is ended and started anew. Nothing is left to be tidied up then, and a memory dump would
# hold the tokens.
WatchdogSec=2min
WatchdogSignal=SIGKILL
LimitCORE=0
LimitNOFILE=16384`;
}

const sandbox = `LockPersonality=yes
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service`;

/** `%` begins a specifier everywhere. */
function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}

/** A word of a command (systemd.service(5)), quoted where it has to be. In all but the first, `$` begins a variable. */
function quoted(word: string): string {
  const text = escaped(word);
  return /^[\w@%+=:,./$-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Whether systemd starts a program at this path: it refuses some characters there, however they are written. */
export function isStartable(path: string): boolean {
  return !/["'\\\p{Cc}]/u.test(path);
}
