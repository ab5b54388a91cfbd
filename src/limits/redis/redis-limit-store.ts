import { setTimeout as sleep } from 'node:timers/promises';
import type { Charge } from '../../usage/unflushed-charges.js';
import type { Spender } from '../funds.js';
import type { Left, LimitStore, Reservation, Revocation, Shortage, Verdict } from '../limit-store.js';
import { Figures } from './figures.js';
import { Membership } from './membership.js';
import { CODE } from './money-scripts.js';
import type { RedisLimitStoreOptions } from './options.js';
import { SharedProof } from './shared-proof.js';
import { Postings } from './postings.js';
import { Readings } from './readings.js';
import { RedisAway, type RedisLink, type Reply } from './redis-link.js';
import { registrationsOf, tellAll } from './registrations.js';
import { Revocations } from './revocations.js';
import { SCRIPTS, type Script } from './scripts.js';
import { Settlements } from './settlements.js';
import { holdOf, microUsd, isLimited, openOf, ratesOf, unavailable, type OpenRequest } from './open-request.js';
import { verdictOf } from './verdicts.js';

const ADMITTED: Verdict = Object.freeze({ admitted: true, standing: undefined });
const EPOCH_KEYS = 'lazu:{epoch}:';
/** Figures are compared with the ledger so often, if anybody asks. */
const REFRESH_US = 60_000_000;
/**
 * Limits, holds and revocation of all hosts on one Redis: each operation is one script, and one round trip, on keys of one account.
 * What it cannot ask it refuses (503), except where nothing binds.
 */
export class RedisLimitStore implements LimitStore {
  readonly #open = new Map<string, OpenRequest>();
  /** Requests whose charge Redis was told. */
  readonly #charged = new Set<string>();
  readonly #membership: Membership;
  readonly #settlements: Settlements;
  readonly #postings: Postings;
  readonly #figures: Figures;
  readonly #revocations: Revocations;
  readonly prove: SharedProof['prove'];
  readonly #holdUs: string;

  constructor(
    private readonly link: RedisLink,
    private readonly options: RedisLimitStoreOptions,
  ) {
    const { funds, holdExpiresMs, revokedForMs } = options;
    const run = (script: Script, accountId: string, args: readonly string[]) => this.#run(script, accountId, args);
    this.#holdUs = String(holdExpiresMs * 1_000);
    this.#membership = new Membership({
      runId: () => link.runId,
      hello: args => link.run(SCRIPTS.hello, EPOCH_KEYS, '', args, true),
      register: epoch => this.#register(epoch),
      onBeat: () => this.#beat(),
    });
    this.#settlements = new Settlements(run.bind(undefined, SCRIPTS.settle), () => this.#membership.known);
    this.#postings = new Postings(run);
    const posted = (accountId: string, ids: readonly string[]) => this.#postings.postedOf(accountId, ids);
    this.#figures = new Figures(funds.prepaid, this.#membership, new Readings(funds, run, this.#membership, posted));
    this.#revocations = new Revocations(run.bind(undefined, SCRIPTS.revoke), revokedForMs);
    const proof = new SharedProof(this.#open, funds, this.#figures, run);
    this.prove = () => proof.prove();
    link.onUp = () => void this.#membership.join().catch(() => undefined);
    link.onDown = () => this.#membership.leave();
  }

  /** Whether Redis answers. */
  get isUp(): boolean {
    return this.link.isUp;
  }

  /** Resolves when money may be asked for, or after a while without. */
  async start(): Promise<void> {
    this.link.open();
    await this.#membership.start(() => this.link.isUp);
  }

  async close(): Promise<void> {
    this.#membership.stop();
    await this.link.run(SCRIPTS.leave, EPOCH_KEYS, '', [this.#membership.host]).catch(() => undefined);
    await this.link.close();
  }

  reserve(ask: Reservation): Verdict | Promise<Verdict> {
    const isBound = isLimited(ask) || ask.holdMicroUsd > 0n;
    // Nothing to ask for but revocation, which the change feed tells as well.
    return isBound || this.link.isUp ? this.#reserve(ask, isBound) : this.#take(ask, '', ADMITTED);
  }

  async #reserve(ask: Reservation, isBound: boolean): Promise<Verdict> {
    const isMoney = ask.holdMicroUsd > 0n;
    try {
      const rates = ratesOf(ask);
      const hold = [ask.requestId, holdOf(ask.holdMicroUsd), this.#holdUs];
      const script = (money: readonly string[]) => this.#run(SCRIPTS.reserve, ask.accountId, [...rates, ...money]);
      const reply = isMoney
        ? await this.#figures.ask(ask, (epoch, money) => script([epoch, ...hold, ...money]))
        : await script(['']);
      const verdict = verdictOf(reply, ask);
      if (!verdict.admitted) return verdict;
      if (isMoney && (reply[11] as number) > REFRESH_US) this.#refresh(ask);
      return this.#take(ask, String(reply[10]), verdict);
    } catch (cause) {
      if (isMoney && cause instanceof RedisAway && cause.isSent) {
        this.#settlements.giveBack(ask.requestId, openOf(ask, '')); // it may have been admitted, unheard
      }
      if (!isBound) return this.#take(ask, '', ADMITTED);
      throw unavailable(cause);
    }
  }

  extend(requestId: string, byMicroUsd: bigint): Shortage | undefined | Promise<Shortage | undefined> {
    const open = this.#open.get(requestId);
    if (!open || byMicroUsd <= 0n || !this.#isBound(open.ask)) return undefined;
    return this.#extend(requestId, open, byMicroUsd);
  }

  /** At most once a second: a stream goes on while it waits. */
  async #extend(requestId: string, open: OpenRequest, byMicroUsd: bigint): Promise<Shortage | undefined> {
    const wait = open.extendedAt + (this.options.extendEveryMs ?? 1_000) - performance.now();
    if (wait > 0) await sleep(wait, undefined, { ref: false });
    if (!this.#open.has(requestId)) return undefined; // it has ended meanwhile
    open.extendedAt = performance.now();
    const { accountId, keyId } = open.ask;
    const more = [requestId, holdOf(byMicroUsd), this.#holdUs];
    const [code] = await this.#figures
      .ask(open.ask, (epoch, money) => this.#run(SCRIPTS.extend, accountId, [keyId, epoch, ...more, ...money]))
      .catch((cause: unknown) => Promise.reject(unavailable(cause)));
    if (code !== CODE.done) return code === CODE.keyQuota ? 'key_quota' : 'balance';
    open.heldMicroUsd += byMicroUsd;
    if (!this.#open.has(requestId)) this.#settlements.giveBack(requestId, open); // it ended while this was asked
    return undefined;
  }

  correct(requestId: string, tokens: number): void {
    const open = this.#open.get(requestId);
    if (open) this.#settlements.correct(open, Math.ceil(tokens));
  }

  settle(requestId: string, chargeMicroUsd: bigint, tokens: number): void {
    const open = this.#open.get(requestId);
    if (!open) return;
    this.#open.delete(requestId);
    const { accountId, keyId, startedAt } = open.ask;
    if (chargeMicroUsd > 0n) {
      this.options.funds.add(requestId, { accountId, keyId, startedAt, microUsd: chargeMicroUsd });
    }
    const isCharged = chargeMicroUsd > 0n && this.#isBound(open.ask);
    if (isCharged) this.#charged.add(requestId);
    this.#settlements.add(requestId, open, { chargeMicroUsd, tokens, isMoney: isCharged || open.heldMicroUsd > 0n });
  }

  release(requestId: string): void {
    this.settle(requestId, 0n, 0);
  }

  async left(spender: Spender): Promise<Left> {
    if (!this.#isBound(spender)) return { account: undefined, key: undefined };
    const { accountId, keyId, quotaMicroUsd } = spender;
    const [, credit, held, keyCredit, keyHeld] = await this.#figures
      .ask(spender, (epoch, money) => this.#run(SCRIPTS.left, accountId, [keyId, epoch, ...money, '0']))
      .catch((cause: unknown) => Promise.reject(unavailable(cause)));
    const account = { balanceMicroUsd: microUsd(credit), heldMicroUsd: microUsd(held) };
    const key = { spentMicroUsd: -microUsd(keyCredit), heldMicroUsd: microUsd(keyHeld) };
    return {
      account: this.options.funds.prepaid ? account : undefined,
      key: quotaMicroUsd === undefined ? undefined : key,
    };
  }

  revoke(whose: { accountId: string; keyId?: string }, why: Revocation | undefined): Promise<void> {
    return this.#revocations.tell(whose.accountId, whose.keyId, why);
  }

  recount(accountId: string): Promise<void> {
    return this.#postings.recount(accountId);
  }

  /** The sums changed otherwise than by what was settled: Redis knows before this resolves, unless it is away. */
  changed(accountId: string): Promise<void> {
    return this.#postings.changed(accountId);
  }

  /** Resolves when what has been settled may be posted. */
  settled(): Promise<void> {
    return this.#settlements.settled();
  }

  /** These are in the sums now. */
  posted(charges: ReadonlyMap<string, Charge>): void {
    const known = [...charges].filter(([id]) => this.#charged.delete(id) && this.#settlements.posted(id));
    this.#postings.posted(new Map(known));
  }

  /** The process that had these is dead; they are in the sums now. What it held comes back. */
  ended(accountId: string, requestIds: readonly string[]): void {
    this.#postings.postedOf(accountId, requestIds);
  }

  /** This one will never be in the sums: nobody pays for it. */
  rejected(requestId: string, { accountId }: Charge): Promise<void> {
    this.#charged.delete(requestId);
    this.#settlements.posted(requestId);
    return this.#postings.rejected(accountId, requestId);
  }

  /** Lets go of requests that nobody ended; their holds are gone already. */
  sweep(): void {
    const old = performance.now() - 2 * this.options.holdExpiresMs;
    for (const [requestId, { takenAt }] of this.#open) {
      if (takenAt > old) break; // insertion order is age
      this.release(requestId);
    }
  }

  #isBound({ quotaMicroUsd }: Spender): boolean {
    return this.options.funds.prepaid || quotaMicroUsd !== undefined;
  }

  #take(ask: Reservation, slice: string, verdict: Verdict): Verdict {
    this.#open.set(ask.requestId, openOf(ask, slice));
    return verdict;
  }

  #refresh(ask: Reservation): void {
    const unread = (epoch: string, money: readonly string[]) =>
      this.#run(SCRIPTS.left, ask.accountId, [ask.keyId, epoch, ...money, '1']);
    void this.#figures.refresh(ask, unread);
  }

  #beat(): void {
    this.link.check();
    this.#settlements.retry();
    this.#revocations.retry();
    void this.#postings.beat();
  }

  async #register(epoch: string): Promise<void> {
    await this.options.funds.caughtUp();
    const { funds, holdExpiresMs } = this.options;
    for (const [requestId] of funds.unflushed()) this.#charged.add(requestId);
    const all = registrationsOf(this.#open, funds, holdExpiresMs);
    await tellAll(all, (accountId, args) => this.#run(SCRIPTS.register, accountId, [epoch, ...args]));
  }

  #run(script: Script, accountId: string, args: readonly string[]): Promise<Reply> {
    return this.link.run(script, `lazu:{${accountId}}:`, this.#at(), args);
  }

  #at(): string {
    return this.options.now ? String(Math.round(this.options.now() * 1_000)) : '';
  }
}
