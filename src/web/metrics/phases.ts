// The phases of a probe as label values.
import type { Phases } from "../../core/model.ts";

/** In the order in which a probe goes through them. The compiler sees to it that none is missing. */
const order: Readonly<Record<keyof Phases, number>> = { resolve: 0, connect: 1, tls: 2, processing: 3, transfer: 4 };

export const phaseNames = Object.keys(order) as readonly (keyof Phases)[];
