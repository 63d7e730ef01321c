// Why a way in cannot be opened, where a person can mend it.

/** Listening is not possible. Its message is for the person who started the daemon. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** There is no control socket. Its message is for the person who started the daemon. */
export class ControlSocketError extends Error {
  override readonly name = "ControlSocketError";
}
