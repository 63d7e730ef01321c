// When this release was made. Set with the version at each release: no clock that shows an earlier time can be right.

/** 2026-11-26 00:00 UTC, as milliseconds since 1970. */
export const releasedWallMs = 1_795_651_200_000;
