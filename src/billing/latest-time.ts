import type { Config } from '../config.js';

type ClockTime = Config['tierTime'];

const DAY_MS = 24 * 60 * 60_000;

/**
 * The last instant, ms since 1970, at which it was this time there; never later than `now`. Where clocks skip the time, the same distance
 * behind the skip; where they repeat it, either of the two.
 */
export function latestTime(now: number, time: ClockTime): number {
  for (let daysAgo = 0; ; daysAgo++) {
    const instant = onDayOf(now - daysAgo * DAY_MS, time);
    if (instant <= now) return instant;
  }
}

/** This time on the day that it is there at `moment`. */
function onDayOf(moment: number, { hour, minute, timeZone }: ClockTime): number {
  const day = wallClock(moment, timeZone);
  day.setUTCHours(hour, minute, 0, 0);
  const wanted = day.getTime();
  // The offset at the wanted time may be another than now: clocks change in between.
  const guess = wanted - offset(moment, timeZone);
  return wanted - offset(guess, timeZone);
}

/** What clocks there show, as if it were UTC. */
function wallClock(moment: number, timeZone: string): Date {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  return new Date(`${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}Z`);
}

const offset = (moment: number, timeZone: string): number =>
  wallClock(moment, timeZone).getTime() - Math.floor(moment / 1000) * 1000;
