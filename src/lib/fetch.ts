// The network as a port: whatever calls services over HTTP takes a Fetch, so that a test or a simulation can answer.

/** https://fetch.spec.whatwg.org/#fetch-method */
export type Fetch = typeof fetch;
