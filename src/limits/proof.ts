import { setTimeout as sleep } from 'node:timers/promises';
import type { Funds, FundsSource } from './funds.js';

/** Where what requests are admitted by is not what it should be. */
export interface Discrepancy {
  /**
   * `credit_differs`: what an account may spend, before holds, is not what the ledger says less the charges that are in no sum yet.
   * `held_differs`: what is taken off for open requests is not the sum of their holds.
   */
  readonly kind: 'credit_differs' | 'held_differs';
  readonly accountId: string;
  /** microUSD. */
  readonly expected: bigint;
  readonly found: bigint;
}

/** What a comparison of the limit store's counters with the ledger found. */
export interface Proof {
  /** That were compared: those whose figures the store knows now, the first thousand. */
  readonly accounts: number;
  readonly discrepancies: readonly Discrepancy[];
}

export const MOST_ACCOUNTS = 1_000;
/** A top-up is in the ledger a moment before the store hears of it: what differs is looked at again. */
const LOOKS = 4;
const BETWEEN_MS = 150;
/** Balances that are read while the recorder waits. */
const AT_ONCE = 8;

/** Looks again at what differs, and tells what still does. @param differing of these accounts */
export async function lasting(
  accountIds: readonly string[],
  differing: (accountIds: readonly string[]) => Promise<readonly Discrepancy[]>,
): Promise<Proof> {
  let suspects = accountIds;
  for (let look = 1; ; look++) {
    const discrepancies = await differing(suspects);
    if (discrepancies.length === 0 || look === LOOKS) return { accounts: accountIds.length, discrepancies };
    suspects = [...new Set(discrepancies.map(({ accountId }) => accountId))];
    await sleep(BETWEEN_MS);
  }
}

/**
 * In memory: credit is the ledger's balance less the unflushed charges, held is the sum of the open requests' holds. Balances are read while no batch
 * of the recorder is on its way; from then to the comparison nothing is awaited, so what is settled meanwhile is in credit and charges
 * alike.
 * @param heldBy microUSD by account id, of the requests that are open at that moment
 */
export function proveFunds(
  funds: Funds,
  source: FundsSource,
  heldBy: () => ReadonlyMap<string, bigint>,
): Promise<Proof> {
  const differing = async (accountIds: readonly string[]): Promise<readonly Discrepancy[]> => {
    const found: Discrepancy[] = [];
    for (let from = 0; from < accountIds.length; from += AT_ONCE) {
      const some = accountIds.slice(from, from + AT_ONCE);
      await source.read(async () => {
        const balances = await Promise.all(some.map(accountId => source.balance(accountId)));
        const holds = heldBy();
        for (const [at, accountId] of some.entries()) {
          const { credit, held } = funds.standing(accountId);
          const [expected, expectedHeld] = [
            balances[at]! - source.unflushedOfAccount(accountId),
            holds.get(accountId) ?? 0n,
          ];
          if (credit !== undefined && credit !== expected)
            found.push({ kind: 'credit_differs', accountId, expected, found: credit });
          if (held !== expectedHeld)
            found.push({ kind: 'held_differs', accountId, expected: expectedHeld, found: held });
        }
      });
    }
    return found;
  };
  return lasting(funds.known().slice(0, MOST_ACCOUNTS), differing);
}
