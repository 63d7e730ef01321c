// What the control socket answers to `GET /healthz`: for `ccs health`, which reads it without loading a schema library.

export type HealthAnswer =
  /** The loop turns. `detail`: what is still missing before the daemon is ready, in plain words; absent when it is. */
  | { readonly status: "alive"; readonly detail?: string }
  /** It does not, though the process answers. `detail` says so in plain words. */
  | { readonly status: "stuck"; readonly detail: string };
