import { LazuError } from '../errors.js';
import { checkBudget, isCrossed, periodOf, type Budget, type Watched } from './budget.js';

const alert = (extra: Partial<Watched>): Watched => ({
  id: 'alert_1',
  accountId: 'acct_1',
  keyId: null,
  kind: 'spend_reached',
  thresholdMicroUsd: 100n,
  thresholdPercent: null,
  period: 'day',
  quotaMicroUsd: null,
  quotaPeriod: null,
  crossedPeriod: null,
  ...extra,
});

describe('a budget', () => {
  it.each<[string, Partial<Watched>, bigint, boolean]>([
    ['a balance above', { kind: 'balance_below' }, 101n, false],
    ['a balance that is just enough', { kind: 'balance_below' }, 100n, false],
    ['a balance below', { kind: 'balance_below' }, 99n, true],
    ['a balance that is overdrawn', { kind: 'balance_below' }, -1n, true],
    ['spending below', {}, 99n, false],
    ['spending as much', {}, 100n, true],
    ['4 of 5 at 80 %', { kind: 'key_quota_used', quotaMicroUsd: 5n, thresholdPercent: 80 }, 4n, true],
    ['3 of 5 at 80 %', { kind: 'key_quota_used', quotaMicroUsd: 5n, thresholdPercent: 80 }, 3n, false],
    ['just below 80 %', { kind: 'key_quota_used', quotaMicroUsd: 10n ** 15n, thresholdPercent: 80 }, 8n * 10n ** 14n - 1n, false], // prettier-ignore
    ['a quota that is no more', { kind: 'key_quota_used', quotaMicroUsd: null, thresholdPercent: 80 }, 9n, false],
    ['a quota of nothing', { kind: 'key_quota_used', quotaMicroUsd: 0n, thresholdPercent: 100 }, 0n, true],
  ])('is crossed or not: %s', (_what, extra, figure, expected) => {
    expect(isCrossed(alert(extra), figure)).toBe(expected);
  });

  it.each<[string, Partial<Watched>, string, string]>([
    ['the last moment of a day', { period: 'day' }, '2026-02-28T23:59:59.999Z', '2026-02-28'],
    ['the first of the next', { period: 'day' }, '2026-03-01T00:00:00.000Z', '2026-03-01'],
    ['the last moment of a month', { period: 'month' }, '2026-12-31T23:59:59.999Z', '2026-12-01'],
    ['the first of the next year', { period: 'month' }, '2027-01-01T00:00:00.000Z', '2027-01-01'],
    ['a quota of a day', { kind: 'key_quota_used', quotaPeriod: 'day' }, '2026-03-01T12:00:00Z', '2026-03-01'],
    ['a quota of a month', { kind: 'key_quota_used', quotaPeriod: 'month' }, '2026-03-31T12:00:00Z', '2026-03-01'],
    ['a quota for ever', { kind: 'key_quota_used', quotaPeriod: 'total' }, '2026-03-31T12:00:00Z', '1970-01-01'],
    ['a quota without a period', { kind: 'key_quota_used' }, '2026-03-31T12:00:00Z', '1970-01-01'],
    ['a balance', { kind: 'balance_below', period: null }, '2026-03-31T12:00:00Z', '1970-01-01'],
  ])('counts in UTC: %s', (_what, extra, at, expected) => {
    expect(periodOf(alert(extra), Date.parse(at))).toBe(expected);
  });

  it.each<[Watched['kind'], Budget, string, string]>([
    ['balance_below', {}, 'missing_required_parameter', 'threshold_micro_usd'],
    ['balance_below', { threshold_micro_usd: 1, period: 'day' }, 'unsupported_parameter', 'period'],
    ['spend_reached', { threshold_micro_usd: 1 }, 'missing_required_parameter', 'period'],
    ['spend_reached', { threshold_percent: 5, period: 'day' }, 'missing_required_parameter', 'threshold_micro_usd'],
    ['key_quota_used', { threshold_percent: 5 }, 'missing_required_parameter', 'key_id'],
    ['key_quota_used', { key_id: 'k', threshold_percent: 5, threshold_micro_usd: 1 }, 'unsupported_parameter', 'threshold_micro_usd'], // prettier-ignore
  ])('has what its kind needs, and nothing else: %s %j', (kind, budget, code, param) => {
    const made = () => checkBudget(kind, budget, true);
    expect(made).toThrow(LazuError);
    expect(made).toThrow(expect.objectContaining({ code, param }));
  });

  it('may be changed in part', () => {
    expect(() => checkBudget('spend_reached', { period: 'month' }, false)).not.toThrow();
    expect(() => checkBudget('spend_reached', { threshold_percent: 5 }, false)).toThrow(LazuError);
  });
});
