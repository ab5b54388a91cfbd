import { startBare } from './bare.mjs';
import { startLazu } from './lazu.mjs';
import { startPortkey } from './portkey.mjs';

/** By name, in the order in which they take turns. Each: `(upstreamPort) → {name, port, pid, headers, stop()}`. */
export const contenders = { bare: startBare, lazu: startLazu, portkey: startPortkey };
