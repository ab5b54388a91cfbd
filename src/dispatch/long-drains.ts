import { Inject, Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import type { Provider } from '../providers/provider.js';

/** How long a provider that bills on after a disconnect is read to its end, ms (contract §13). */
const LONG_MS = 30_000;
/** So many at once in a process: callers who come and leave must not pile up sockets. Beyond, the usual grace counts. */
const MOST = 64;

/** The time that one answer is read on for after its caller left. */
export interface Drain {
  /** Begins at the first call. @returns ms that are left */
  leftMs(): number;
  /** Somebody else may drain. Idempotent. */
  end(): void;
}

/** Answers without callers, of providers that bill them to their end all the same. */
@Injectable()
export class LongDrains {
  #running = 0;

  constructor(@Inject(Config) private readonly config: Pick<Config, 'leaveGraceMs'>) {}

  of(provider: Pick<Provider, 'billsAfterDisconnect'> | undefined): Drain {
    let endsAt: number | undefined;
    let isLong = false;
    return {
      leftMs: () => {
        const now = performance.now();
        if (endsAt === undefined) {
          isLong = provider?.billsAfterDisconnect === true && this.#running < MOST;
          if (isLong) this.#running++;
          endsAt = now + (isLong ? Math.max(LONG_MS, this.config.leaveGraceMs) : this.config.leaveGraceMs);
        }
        return Math.max(0, endsAt - now);
      },
      end: () => {
        if (isLong) this.#running--;
        isLong = false;
      },
    };
  }
}
