import { periodStart, type QuotaPeriod } from './quota-period.js';

describe('a quota period', () => {
  it.each<[QuotaPeriod, string, string]>([
    ['day', '2026-03-01T00:00:00.000Z', '2026-03-01'],
    ['day', '2026-03-01T23:59:59.999Z', '2026-03-01'],
    ['day', '2028-02-29T23:59:59.999Z', '2028-02-29'],
    ['month', '2028-02-29T23:59:59.999Z', '2028-02-01'],
    ['month', '2028-03-01T00:00:00.000Z', '2028-03-01'],
    ['month', '2026-12-31T23:59:59.999Z', '2026-12-01'],
    ['month', '2027-01-01T00:00:00.000Z', '2027-01-01'],
    ['total', '2026-12-31T23:59:59.999Z', '1970-01-01'],
  ])('%s at %s began at %s, UTC, wherever the process runs', (period, at, began) => {
    expect(new Date(periodStart(period, Date.parse(at))).toISOString()).toBe(`${began}T00:00:00.000Z`);
  });
});
