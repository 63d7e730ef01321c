// The format of server-sent events. (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)

export interface StreamMessage {
  readonly event: string;
  readonly data: string;
}

/** Takes the text of a stream in pieces, and tells each whole message. */
export function createParser(onMessage: (message: StreamMessage) => void): (piece: string) => void {
  let rest = "";
  let event = "";
  let data: string[] = [];
  const takeLine = (line: string): void => {
    if (line === "") {
      if (data.length > 0) onMessage({ event: event === "" ? "message" : event, data: data.join("\n") });
      event = "";
      data = [];
      return;
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  };
  return (piece) => {
    const lines = `${rest}${piece}`.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) takeLine(line);
  };
}
