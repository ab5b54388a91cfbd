import { Funds, type FundsSource } from './funds.js';
import { proveFunds } from './proof.js';

const spender = {
  accountId: 'acct_1',
  keyId: 'key_1',
  quotaMicroUsd: undefined,
  quotaPeriod: undefined,
  startedAt: Date.now(),
};

describe('the proof of what requests are admitted by', () => {
  let balance: bigint;
  let unflushed: bigint;
  let source: FundsSource;
  let funds: Funds;

  beforeEach(async () => {
    [balance, unflushed] = [100n, 0n];
    source = {
      prepaid: true,
      read: work => work(),
      balance: () => Promise.resolve(balance),
      spent: () => Promise.resolve(0n),
      unflushedOfAccount: () => unflushed,
      unflushedOfKey: () => 0n,
      add: (_, { microUsd }) => (unflushed += microUsd),
    };
    funds = new Funds(source, () => 0);
    await funds.missing(spender);
    funds.hold(spender, 10n);
  });

  const prove = (held: bigint) => proveFunds(funds, source, () => new Map([['acct_1', held]]));

  it('passes when all is as it should be, a charge that is settled meanwhile included', async () => {
    source.balance = () => {
      funds.charge('req_1', spender, 3n);
      return Promise.resolve(balance);
    };
    expect(await prove(10n)).toEqual({ accounts: 1, discrepancies: [] });
  });

  it('tells of a hold that nobody gave back', async () => {
    expect((await prove(4n)).discrepancies).toEqual([
      { kind: 'held_differs', accountId: 'acct_1', expected: 4n, found: 10n },
    ]);
  });

  it('tells of a charge that is counted nowhere', async () => {
    unflushed = 5n;
    expect((await prove(10n)).discrepancies).toEqual([
      { kind: 'credit_differs', accountId: 'acct_1', expected: 95n, found: 100n },
    ]);
  });

  it('looks again at what a top-up has changed a moment before it is told', async () => {
    balance = 200n;
    setTimeout(() => funds.forget('acct_1'), 50);
    expect(await prove(10n)).toEqual({ accounts: 1, discrepancies: [] });
  });

  it('leaves out accounts whose figures are not known', async () => {
    funds.forget(undefined);
    expect(await prove(10n)).toEqual({ accounts: 0, discrepancies: [] });
  });
});
