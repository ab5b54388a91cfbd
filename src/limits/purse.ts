/** What an account, or a key in its quota period, has. All in microUSD. */
export class Purse {
  /** An account's balance, or minus what a key has spent; less every charge that has been settled. Undefined: read it first. */
  credit: bigint | undefined;
  /** What open requests hold of it. */
  held = 0n;
  /** When the reading of `credit` began, in ms of the store's clock. */
  readAt = -Infinity;
  /** When a request last asked what is in it, in ms of the store's clock. */
  usedAt = 0;
  /** Quota period: charges of requests that started earlier (ms since 1970) do not count. */
  since = 0;
  period = '';
  /** The latest start of a request that was charged. */
  chargedUpTo = 0;
  #version = 0;
  #reading: Promise<void> | undefined;

  constructor(readonly accountId: string) {}

  /** What was read is no longer true; a reading under way does not count either. */
  forget(): void {
    this.credit = undefined;
    this.#version++;
  }

  /** Reads the credit, once for everybody who waits. `figure` stands when it resolves, unless it was forgotten meanwhile. */
  read(figure: (install: (credit: bigint) => void) => Promise<void>, now: number): Promise<void> {
    return (this.#reading ??= this.#read(figure, now).finally(() => (this.#reading = undefined)));
  }

  async #read(figure: (install: (credit: bigint) => void) => Promise<void>, now: number): Promise<void> {
    const version = this.#version;
    await figure(credit => {
      if (version !== this.#version) return;
      this.credit = credit;
      this.readAt = now;
    });
  }
}
