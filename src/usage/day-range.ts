import { IsOptional, ValidateBy } from 'class-validator';
import { LazuError } from '../errors.js';

const DAY_MS = 24 * 3600 * 1000;
const DEFAULT_DAYS = 30;
const MOST_DAYS = 400;

/** A day that exists: `2026-11-22`, UTC. */
function IsDay(): PropertyDecorator {
  const validate = (value: unknown): boolean => {
    if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
    const at = new Date(`${value}T00:00:00Z`);
    return !isNaN(at.getTime()) && at.toISOString().startsWith(value);
  };
  return ValidateBy({
    name: 'isDay',
    validator: { validate, defaultMessage: () => 'must be a day like 2026-11-22 (UTC)' },
  });
}

/** Query `?from=2026-11-01&to=2026-11-22`: whole UTC days, both inclusive; the last 30 days when left out. */
export class DayRange {
  @IsOptional()
  @IsDay()
  from?: string;

  @IsOptional()
  @IsDay()
  to?: string;
}

/**
 * @param now milliseconds since the epoch
 * @throws invalid_value for a range that is empty or longer than 400 days
 */
export function daysOf(range: DayRange, now: number): { from: string; to: string } {
  const to = range.to ?? dayOf(now);
  const from = range.from ?? dayOf(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS);
  if (from > to) throw new LazuError('invalid_value', '`from` must not be after `to`.', { param: 'from' });
  if (Date.parse(to) - Date.parse(from) >= MOST_DAYS * DAY_MS) {
    throw new LazuError('invalid_value', `Ask for at most ${MOST_DAYS} days at once.`, { param: 'from' });
  }
  return { from, to };
}

/** The UTC day of a moment, `YYYY-MM-DD`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
