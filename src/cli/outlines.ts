// What `ccs --help` says of each command, in its order. All else that is to be known of a command is where it is
// registered, and takes many times as long to load.

/** `takes`: what follows the name on the command line, as commander writes it. */
export const outlines = {
  init: { takes: "[options] [file]", does: "ask for everything a configuration needs, test it, and write the file" },
  run: { takes: "[options]", does: "monitor the endpoints and keep the records correct, until stopped" },
  validate: { takes: "[options] [file]", does: "check the configuration and list every mistake in it" },
  probe: { takes: "[options]", does: "probe every address of every endpoint once; exit code 1 unless all succeed" },
  plan: {
    takes: "[options]",
    does: "show what would be written now, without writing it; exit code 2 if there is something",
  },
  status: {
    takes: "[options]",
    does: "show which endpoint is active and why, what DNS says, and what happens next; exit code 1 if something is wrong",
  },
  health: {
    takes: "[options]",
    does: "say whether the daemon is healthy, for container health checks; exit code 1 if it is not",
  },
  events: { takes: "[options]", does: "show what happened, newest last" },
  pin: { takes: "[options] <endpoint>", does: "use only one endpoint for a while, whatever its health" },
  drain: { takes: "[options] <endpoint>", does: "do not use an endpoint for a while" },
  drill: {
    takes: "[options] <endpoint>",
    does: "simulate an outage of one endpoint on the real record, and report; exit code 1 if no other endpoint took over",
  },
  resume: {
    takes: "[options] [endpoint]",
    does: "end pins, drains and drills, and resume automatic repair where it is paused",
  },
  explain: {
    takes: "[options] [ingress]",
    does: "explain the configuration: times, costs and pitfalls; works offline",
  },
  doctor: {
    takes: "[options]",
    does: "check everything that the daemon depends on, and say what to do; changes nothing",
  },
  simulate: {
    takes: "[options] [scenario...]",
    does: "play a scenario with the configuration in a simulated world; contacts nothing real",
  },
  replay: {
    takes: "[options]",
    does: "show which switches another configuration would have made in the recorded past",
  },
  migrate: { takes: "[options] [file]", does: "convert a file from the original tool's format to the current one" },
  service: { takes: "[options] <action>", does: "run the daemon as a service of systemd: install, uninstall, status" },
  demo: { takes: "[options]", does: "run the demo: the daemon in an emulated world, no account needed" },
  schema: { takes: "[of]", does: "print the JSON Schema of the configuration, for editors" },
  completion: { takes: "[options] [shell]", does: "print the script that completes ccs commands in a shell" },
} as const;

export type CommandName = keyof typeof outlines;

export const everyCommand = Object.keys(outlines) as readonly CommandName[];
