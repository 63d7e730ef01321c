// Characters for properties about text.
import fc from "fast-check";

/** Any character of Unicode, like `unit: "binary"` of fast-check, which first makes a table of them all for half a second. */
export const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7_ff }), fc.integer({ min: 0xe0_00, max: 0x10_ff_ff }))
  .map((point) => String.fromCodePoint(point));
