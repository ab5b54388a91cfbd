import { setTimeout as sleep } from 'node:timers/promises';

/** Sooner than a sibling counts as stuck: a slow database must not look like a stuck process. */
const IN_TIME_MS = 1_000;

/** What a sibling waits for before it says that it has acted: this work, but not for ever. */
export async function inTime(work: Promise<unknown>, milliseconds = IN_TIME_MS): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, sleep(milliseconds, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
}
