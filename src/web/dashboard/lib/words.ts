// What things are called, as everywhere else in the program.

export const familyNames = { ipv4: "IPv4", ipv6: "IPv6" } as const;

/** What an override makes of its endpoint: "mobile is pinned". */
export const overridden = { pin: "pinned", drain: "drained", drill: "in a drill" } as const;
