import { lasting, MOST_ACCOUNTS, type Discrepancy, type Proof } from '../proof.js';
import type { Figures } from './figures.js';
import { microUsd, unavailable, type OpenRequest } from './open-request.js';
import type { Reply } from './redis-link.js';
import { SCRIPTS, type Script } from './scripts.js';
import type { SharedFunds } from './shared-funds.js';

/**
 * Compares what Redis admits by: its credit with what a reading of the ledger would put down there, what it takes off for holds with the
 * holds of all hosts. Reads only, so a second look sees what the first has seen.
 */
export class SharedProof {
  constructor(
    private readonly open: ReadonlyMap<string, OpenRequest>,
    private readonly funds: SharedFunds,
    private readonly figures: Figures,
    private readonly run: (script: Script, accountId: string, args: readonly string[]) => Promise<Reply>,
  ) {}

  /** Of the accounts that have something open or unflushed on this host. */
  async prove(): Promise<Proof | undefined> {
    if (!this.funds.prepaid) return undefined;
    const accountIds = new Set<string>();
    for (const { ask, heldMicroUsd } of this.open.values()) if (heldMicroUsd > 0n) accountIds.add(ask.accountId);
    for (const [, { accountId }] of this.funds.unflushed()) accountIds.add(accountId);
    return lasting([...accountIds].slice(0, MOST_ACCOUNTS), async some => {
      const found: Discrepancy[] = [];
      for (const accountId of some) found.push(...(await this.#look(accountId)));
      return found;
    }).catch((cause: unknown) => Promise.reject(unavailable(cause)));
  }

  async #look(accountId: string): Promise<Discrepancy[]> {
    const looked: Discrepancy[] = [];
    const credit = await this.figures.compare(accountId, (epoch, money) =>
      this.run(SCRIPTS.left, accountId, ['-', epoch, ...money, '1']),
    );
    if (credit) looked.push({ kind: 'credit_differs', accountId, ...credit });
    const [, found, expected] = (await this.run(SCRIPTS.holds, accountId, [])).map(microUsd);
    looked.push({ kind: 'held_differs', accountId, expected: expected!, found: found! });
    return looked.filter(({ expected, found }) => expected !== found);
  }
}
