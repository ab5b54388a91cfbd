import type { Reservation, Revocation, Standing, Verdict } from '../limit-store.js';
import { standingFrom, tighter, type OneStanding } from '../standing.js';
import { CODE } from './money-scripts.js';
import type { Reply } from './redis-link.js';

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_MS = 1_000;

const REASONS = {
  [CODE.requests]: 'requests',
  [CODE.tokens]: 'tokens',
  [CODE.balance]: 'balance',
  [CODE.keyQuota]: 'key_quota',
} as const;

/** What the script `reserve` said, in the words of the port. */
export function verdictOf(reply: Reply, ask: Reservation): Verdict {
  const [code, wait] = reply;
  if (code === CODE.revoked) {
    return { admitted: false, reason: 'revoked', why: wait as Revocation, standing: undefined };
  }
  const standing = standingOf(reply, ask);
  if (code === CODE.done) return { admitted: true, standing };
  const reason = REASONS[code as keyof typeof REASONS];
  const waitUs = wait as number;
  if (waitUs < 0) return { admitted: false, reason, standing };
  return { admitted: false, reason, retryAfter: Math.ceil(waitUs / MICROS_PER_SECOND), standing };
}

function standingOf(reply: Reply, { rpm, accountRpm, tpm, accountTpm }: Reservation): Standing | undefined {
  const one = (limit: number | undefined, at: number): OneStanding | undefined => {
    if (limit === undefined) return undefined;
    const [count, emptyUs] = [reply[at] as number, reply[at + 1] as number];
    return { limit, remaining: Math.max(0, limit - count), resetMs: emptyUs / MICROS_PER_MS };
  };
  return standingFrom(tighter(one(rpm, 2), one(accountRpm, 4)), tighter(one(tpm, 6), one(accountTpm, 8)));
}
