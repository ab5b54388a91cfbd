import type { OpenRequest } from './open-request.js';
import type { SharedFunds } from './shared-funds.js';

/** Entries that one script takes. */
const MOST_AT_ONCE = 400;
const ACCOUNTS_AT_ONCE = 50;

/**
 * All that this host holds and has charged, by account, for a Redis that knows nothing of it. Looked up when it is asked for: what has
 * ended by then is not told, and what ends later is told by its settlement, after it.
 */
export function* registrationsOf(
  open: ReadonlyMap<string, OpenRequest>,
  funds: SharedFunds,
  holdExpiresMs: number,
): Generator<{ readonly accountId: string; readonly args: readonly string[] }> {
  const accounts = new Map<string, { holds: string[]; charges: (readonly string[])[] }>();
  const of = (accountId: string) => {
    let account = accounts.get(accountId);
    if (!account) accounts.set(accountId, (account = { holds: [], charges: [] }));
    return account;
  };
  for (const [requestId, { ask, heldMicroUsd }] of open) if (heldMicroUsd > 0n) of(ask.accountId).holds.push(requestId);
  for (const [requestId, { accountId, keyId, startedAt, microUsd }] of funds.unflushed()) {
    of(accountId).charges.push(['c', requestId, microUsd.toString(), String(startedAt), keyId]);
  }
  for (const [accountId, { holds, charges }] of accounts) {
    for (let from = 0; from < charges.length; from += MOST_AT_ONCE) {
      yield { accountId, args: charges.slice(from, from + MOST_AT_ONCE).flat() };
    }
    for (let from = 0; from < holds.length; from += MOST_AT_ONCE) {
      const some = holds.slice(from, from + MOST_AT_ONCE);
      yield { accountId, args: some.flatMap(requestId => holdEntry(requestId, open.get(requestId), holdExpiresMs)) };
    }
  }
}

/** Some accounts at a time. @param tell Redis of one */
export async function tellAll(
  registrations: ReturnType<typeof registrationsOf>,
  tell: (accountId: string, args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const told: Promise<unknown>[] = [];
  for (const { accountId, args } of registrations) {
    told.push(tell(accountId, args));
    if (told.length >= ACCOUNTS_AT_ONCE) await Promise.all(told.splice(0));
  }
  await Promise.all(told);
}

function holdEntry(requestId: string, open: OpenRequest | undefined, holdExpiresMs: number): string[] {
  if (!open) return [];
  const leftMs = Math.round(open.takenAt + holdExpiresMs - performance.now());
  if (leftMs <= 0) return [];
  const key = open.ask.quotaMicroUsd === undefined ? '-' : open.ask.keyId;
  return ['h', requestId, open.heldMicroUsd.toString(), key, String(leftMs * 1_000)];
}
