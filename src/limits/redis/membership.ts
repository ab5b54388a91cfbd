import { setTimeout as sleep } from 'node:timers/promises';
import { ulid } from 'ulid';
import { RedisAway, type Reply } from './redis-link.js';

const BEAT_MS = 500;
/** A start waits so long for money to be asked for; and so long for a Redis that is away. */
const START_MS = 5_000;
const AWAY_MS = 1_000;
/** What other hosts get to tell what they hold, once Redis has forgotten; a host that is dead is waited for so long. */
const KNOWN_HOSTS_US = 4_000_000;
/** The same where nobody knows who else there is: right after a start. */
const UNKNOWN_HOSTS_US = 2_000_000;

/** What membership needs of its store. */
export interface MembershipParts {
  readonly runId: () => string;
  readonly hello: (args: readonly string[]) => Promise<Reply>;
  /** Tells Redis all that this host holds, in this epoch. Rejects when that was not possible. */
  readonly register: (epoch: string) => Promise<void>;
  /** Called on each beat, and when an epoch was joined. */
  readonly onBeat: () => void;
}

/**
 * This host's part in what hosts know together: the epoch (the time in which Redis has forgotten nothing), and that it has been told
 * all that this host holds. Money is asked for only in an epoch that is open: all known hosts have told, or had 4 s to.
 */
export class Membership {
  readonly host = `host_${ulid()}`;
  #epoch: string | undefined;
  #isOpen = false;
  /** Stays when the connection is lost: what was known before counts when the next epoch begins. */
  #told = '0';
  #hosts: readonly string[] = [];
  #joining: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: MembershipParts) {}

  /** The epoch in which money may be asked for; undefined: not now. */
  get epoch(): string | undefined {
    return this.#isOpen ? this.#epoch : undefined;
  }

  /** The epoch that Redis is in, as far as is known. */
  get known(): string | undefined {
    return this.#epoch;
  }

  /** Looks once more. @throws RedisAway while hosts still tell Redis what they hold, or when it does not answer */
  async assertOpen(): Promise<string> {
    await this.join();
    if (this.epoch !== undefined) return this.epoch;
    throw new RedisAway('Redis has forgotten; hosts are telling it what they hold', false);
  }

  /** Hosts that were heard of within the last 5 s, this one included. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** Resolves when money may be asked for, or after a while without. */
  async start(isUp: () => boolean): Promise<void> {
    this.#timer = setInterval(() => {
      this.parts.onBeat();
      this.join().catch(() => undefined);
    }, BEAT_MS).unref();
    const begun = performance.now();
    while (this.epoch === undefined && performance.now() - begun < (isUp() ? START_MS : AWAY_MS)) await sleep(20);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.leave();
  }

  /** The connection is lost: what is there when it is back has to be looked at first. */
  leave(): void {
    this.#epoch = undefined;
    this.#isOpen = false;
  }

  /** Asks how things are, once for everybody who wants to know. Rejects when Redis does not say. */
  join(): Promise<void> {
    return (this.#joining ??= this.#join().finally(() => (this.#joining = undefined)));
  }

  async #join(): Promise<void> {
    let epoch = await this.#hello();
    if (epoch === this.#told) return;
    await this.parts.register(epoch);
    this.#told = epoch;
    epoch = await this.#hello();
    this.parts.onBeat();
  }

  async #hello(): Promise<string> {
    const known = this.#told === '0' ? [] : this.#hosts;
    const patience = [String(KNOWN_HOSTS_US), String(UNKNOWN_HOSTS_US)];
    try {
      const reply = await this.parts.hello([this.host, this.parts.runId(), this.#told, ...patience, ...known]);
      const [epoch, isOpen, hosts] = reply as unknown as [string, number, string[]];
      this.#epoch = epoch;
      this.#isOpen = isOpen === 1 && epoch === this.#told;
      if (epoch === this.#told || this.#told === '0') this.#hosts = hosts;
      return epoch;
    } catch (error) {
      this.leave();
      throw error;
    }
  }
}
