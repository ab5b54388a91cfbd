import fc from 'fast-check';
import { latestTime } from './latest-time.js';

const at = (iso: string) => Date.parse(iso);
const shanghai = { hour: 4, minute: 30, timeZone: 'Asia/Shanghai' };

describe('the last time that it was a time of day somewhere', () => {
  it.each([
    ['2026-11-22T20:30:00Z', shanghai, '2026-11-22T20:30:00Z'],
    ['2026-11-22T20:29:59Z', shanghai, '2026-11-21T20:30:00Z'],
    ['2026-11-23T10:00:00Z', shanghai, '2026-11-22T20:30:00Z'],
    ['2026-03-29T10:00:00Z', { hour: 4, minute: 30, timeZone: 'Europe/Berlin' }, '2026-03-29T02:30:00Z'],
    ['2026-03-28T10:00:00Z', { hour: 4, minute: 30, timeZone: 'Europe/Berlin' }, '2026-03-28T03:30:00Z'],
    ['2026-01-01T00:10:00Z', { hour: 23, minute: 59, timeZone: 'Pacific/Kiritimati' }, '2025-12-31T09:59:00Z'],
  ])('%s: %o was at %s', (now, time, expected) => {
    expect(new Date(latestTime(at(now), time)).toISOString()).toBe(new Date(expected).toISOString());
  });

  it('is never in the future, and at most a day and a changed clock ago', () => {
    const zones = fc.constantFrom('Asia/Shanghai', 'America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'UTC');
    const now = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') });
    const time = fc.record({ hour: fc.nat(23), minute: fc.nat(59), timeZone: zones });
    fc.assert(
      fc.property(now, time, (moment, when) => {
        const age = moment - latestTime(moment, when);
        return age >= 0 && age <= 26 * 3_600_000;
      }),
    );
  });
});
