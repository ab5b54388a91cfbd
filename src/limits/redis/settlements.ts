import { CODE } from './money-scripts.js';
import type { Reply } from './redis-link.js';
import type { OpenRequest } from './open-request.js';

/** The end of one request, on its way to Redis. */
interface Settlement {
  readonly requestId: string;
  readonly open: OpenRequest;
  readonly chargeMicroUsd: bigint;
  /** Tokens that it took more than was estimated. */
  readonly tokens: number;
  readonly isMoney: boolean;
  /** Its charge may be in the ledger already (`late`), or is for sure (`posted`). */
  posting: '' | 'late' | 'posted';
  tries: number;
  sending: Promise<void> | undefined;
}

/**
 * Ends of requests that Redis has not acknowledged. It is told again and again until it has, so that no hold outlives its request
 * because of a connection that broke.
 *
 * A charge is in Redis before it can be in the ledger: the recorder waits for it (`settled`). What could not be told by then is marked, and
 * makes Redis forget the figure, which is then read anew: whether the charge was in it, nobody has to know.
 */
export class Settlements {
  readonly #waiting = new Map<string, Settlement>();

  /** @param send one run of the script; rejects when Redis is away */
  constructor(
    private readonly send: (accountId: string, args: readonly string[]) => Promise<Reply>,
    private readonly epoch: () => string | undefined,
  ) {}

  /** @param isMoney something was held, or is charged to somebody whose money binds */
  add(requestId: string, open: OpenRequest, end: { chargeMicroUsd: bigint; tokens: number; isMoney: boolean }): void {
    const tokens = open.slice === '' ? 0 : Math.ceil(end.tokens) - open.tokens;
    if (tokens === 0 && !end.isMoney) return;
    const settlement: Settlement = { requestId, open, ...end, tokens, posting: '', tries: 0, sending: undefined };
    this.#waiting.set(requestId, settlement);
    this.#tell(settlement);
  }

  /** It has taken so many tokens so far. What was not heard, or is not known to have been, is said again with the next correction. */
  correct(open: OpenRequest, tokens: number): void {
    const { ask, slice } = open;
    const by = tokens - open.tokens;
    if (slice === '' || by <= 0) return;
    open.tokens = tokens; // at once: the end of the request may come right behind, and corrects from here
    this.send(ask.accountId, [...countedIn(open, slice, by), '']).catch(() => (open.tokens -= by));
  }

  /** A hold that should not be there: whatever else of this request is under way, it comes back. */
  giveBack(requestId: string, open: OpenRequest): void {
    const nothing = { chargeMicroUsd: 0n, tokens: 0, posting: '', tries: 0, sending: undefined } as const;
    const settlement: Settlement = { requestId, open, ...nothing, isMoney: true };
    this.#waiting.set(`${requestId} again`, settlement);
    this.#tell(settlement, `${requestId} again`);
  }

  /** Once more what was not acknowledged. */
  retry(): void {
    for (const [name, settlement] of this.#waiting) if (!settlement.sending) this.#tell(settlement, name);
  }

  /** Resolves when Redis knows of every request that has ended, or will be told that it may have heard too late. */
  async settled(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const ended = [...this.#waiting.values()];
    await Promise.all(ended.map(async ({ sending }) => sending));
    for (const settlement of ended) {
      if (this.#waiting.has(settlement.requestId)) settlement.posting ||= 'late';
    }
  }

  /** @returns whether Redis knows of this request, so that its charge can be forgotten there */
  posted(requestId: string): boolean {
    const settlement = this.#waiting.get(requestId);
    if (settlement) settlement.posting = 'posted';
    return !settlement;
  }

  /** @param name what it waits under */
  #tell(settlement: Settlement, name = settlement.requestId): void {
    const { open, requestId, tokens } = settlement;
    const epoch = this.epoch();
    if (settlement.isMoney && epoch === undefined) return;
    const { ask } = open;
    // A correction must not be made twice: one that gives room is made at the first try or not at all.
    const slice = tokens === 0 || (tokens < 0 && settlement.tries > 0) ? '' : open.slice;
    const args = countedIn(open, slice, tokens);
    if (settlement.isMoney) {
      args.push(epoch!, requestId, settlement.chargeMicroUsd.toString(), String(ask.startedAt), settlement.posting);
    } else args.push('');
    settlement.tries++;
    settlement.sending = this.send(ask.accountId, args)
      .then(
        // When the epoch is over, it is told in the next.
        ([code]) => void (code === CODE.done && this.#waiting.delete(name)),
        () => undefined,
      )
      .finally(() => (settlement.sending = undefined));
  }
}

/** The first arguments of the script. */
const countedIn = ({ ask }: OpenRequest, slice: string, by: number): string[] => [
  ask.keyId,
  slice,
  String(by),
  flag(ask.tpm !== undefined),
  flag(ask.accountTpm !== undefined),
];

const flag = (is: boolean): string => (is ? '1' : '0');
