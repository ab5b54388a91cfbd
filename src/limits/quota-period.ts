const DAY_MS = 24 * 60 * 60_000;

export type QuotaPeriod = 'total' | 'day' | 'month';

/** When the next period begins, milliseconds since 1970; undefined: never. */
export function periodEnd(period: QuotaPeriod, at: number): number | undefined {
  switch (period) {
    case 'total':
      return undefined;
    case 'day':
      return periodStart('day', at) + DAY_MS;
    case 'month': {
      const date = new Date(at);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
    }
  }
}

/** When the period began that a moment is in; both in milliseconds since 1970, days and months in UTC. */
export function periodStart(period: QuotaPeriod, at: number): number {
  switch (period) {
    case 'total':
      return 0;
    case 'day':
      return at - (at % DAY_MS);
    case 'month': {
      const date = new Date(at);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    }
  }
}
