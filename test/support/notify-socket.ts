// A socket as systemd listens on: what arrives there, message by message. Node has no datagram sockets of this kind, so that
// Perl, which every Debian has, listens.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "./eventually.ts";

const listener = `
use IO::Socket::UNIX; use Socket;
$| = 1;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "$!";
print "\\n";
while (defined $socket->recv(my $text, 65536)) { $text =~ s/\\n/\\t/g; print "$text\\n"; }
`;

export class NotifySocket implements AsyncDisposable {
  readonly path: string;
  /** One for each message, in its order: names and their values. */
  readonly messages: ReadonlyMap<string, string>[] = [];
  readonly #end: () => Promise<unknown>;

  private constructor(path: string, end: () => Promise<unknown>) {
    this.path = path;
    this.#end = end;
  }

  static async open(folder: string): Promise<NotifySocket> {
    const path = join(folder, "notify");
    const child = spawn("perl", ["-e", listener, path], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "close");
    const socket = new NotifySocket(path, () => {
      child.kill("SIGKILL");
      return ended;
    });
    let isOpen = false;
    createInterface(child.stdout).on("line", (line) => {
      if (line === "") isOpen = true;
      // BARRIER only asks whether what came before has been taken in.
      else if (!line.startsWith("BARRIER=")) socket.messages.push(messageOf(line));
    });
    await eventually("the socket is open", () => isOpen);
    return socket;
  }

  /** The values that were told under this name, in their order. */
  values(name: string): readonly string[] {
    return this.messages.flatMap((message) => message.get(name) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

function messageOf(line: string): ReadonlyMap<string, string> {
  return new Map(
    line.split("\t").map((assignment) => {
      const at = assignment.indexOf("=");
      return [assignment.slice(0, at), assignment.slice(at + 1)];
    }),
  );
}
