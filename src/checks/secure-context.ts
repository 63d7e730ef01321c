// TLS settings for probes, built once for each set of trusted authorities: building them costs as much as a handshake.
import { createSecureContext, type SecureContext } from "node:tls";

/** Groups offered for the key exchange. Only for the first a key is made in advance, and X25519 is the cheapest. */
const groups = "X25519:P-256:P-384:P-521";

const usual: readonly string[] = [];
const contexts = new WeakMap<readonly string[], SecureContext>();

/**
 * The settings that trust `ca` (PEM), or the usual authorities and those of NODE_EXTRA_CA_CERTS without it. Shared by
 * all probes that pass the same array.
 */
export function secureContextFor(ca: readonly string[] | undefined): SecureContext {
  const key = ca ?? usual;
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const context = createSecureContext({ ecdhCurve: groups, ...(ca && { ca: [...ca] }) });
  contexts.set(key, context);
  return context;
}
