import type { Cancel } from '../egress/cancel.js';
import type { InferenceCall } from '../http/inference.js';
import type { Inbound, RequestFacts } from '../protocols/protocol.js';
import type { Outgoing } from '../providers/provider.js';
import type { Meter } from '../usage/meter.js';
import type { Cover } from './growth.js';
import type { Trail } from './trail.js';

/** One admitted and reserved request on its way through dispatch. */
export interface Job {
  readonly call: InferenceCall;
  readonly inbound: Inbound;
  readonly facts: RequestFacts;
  readonly endpoint: Outgoing['endpoint'];
  readonly meter: Meter;
  /** What was considered and tried, for the record's `routing`. */
  readonly trail: Trail;
  /** Ends the attempt under way: total deadline, or the end of a departed caller's grace. */
  readonly cancel: Cancel;
  /** `x-ratelimit-*` of the verdict. */
  readonly limitHeaders: Readonly<Record<string, string>>;
  /** What money is held for; undefined: none is. */
  readonly cover: Cover | undefined;
  /** Tokens that count for it per minute; undefined: nothing counts them. */
  readonly admittedTokens: number | undefined;
}
