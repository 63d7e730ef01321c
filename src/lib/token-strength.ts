// Whether a token that people chose could be found by trying.

/** 16 random characters, even of hex digits only, are more than anybody can try. */
const leastTokenLength = 16;

/** With fewer different characters than this it is hardly random. */
const leastVariety = 6;

/** Words that are used in examples, and that people begin with. */
const wellKnown = ["change-me", "changeme", "password", "letmein", "12345678", "qwerty"];

/** Why a token could be guessed, as the end of a sentence that begins with "it"; `undefined` for one that could not. */
export function weaknessOf(token: string): string | undefined {
  if (token.length < leastTokenLength) return `is shorter than ${leastTokenLength} characters`;
  if (new Set(token).size < leastVariety) return "has few different characters";
  if (isRepetition(token)) return "says the same again and again";
  const lower = token.toLowerCase();
  return wellKnown.some((word) => lower.includes(word)) ? "holds a word that is tried first" : undefined;
}

/** Whether it is a short text, over and over. */
function isRepetition(token: string): boolean {
  for (let length = 1; length < leastTokenLength; length += 1) {
    if (token.length >= 2 * length && token.startsWith(token.slice(length))) return true;
  }
  return false;
}
