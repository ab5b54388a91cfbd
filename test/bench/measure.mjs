/** One measurement of one contender. All give `{value, …}`; `value` is what the row is about, less is better. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs, rssBytes } from './processes.mjs';
import { openLoop } from './load/open-loop.mjs';
import { openStreams, streams } from './load/streams.mjs';
import { wrk } from './load/wrk.mjs';
import { median } from './statistics.mjs';

/**
 * Bookkeeping goes on after the last answer, as long as it takes: Lazu brings its records to PostgreSQL in batches. It belongs to the
 * cost, so CPU is read when the process has come to rest: under a tenth of a core for 400 ms.
 */
async function rest(target, withinMs = 30_000) {
  for (let last = cpuMs(target.pid), waited = 0; waited < withinMs; waited += 400) {
    await sleep(400);
    const now = cpuMs(target.pid);
    if (now - last < (target.profiled ? 200 : 40)) return now;
    last = now;
  }
  throw new Error(`${target.name} does not come to rest after its load`);
}

function noErrors(target, row, { errors, requests }) {
  if (errors > 0) throw new Error(`${target.name}, row ${row.name}: ${errors} of ${requests} requests failed`);
  if (requests === 0) throw new Error(`${target.name}, row ${row.name}: no request was answered`);
  target.answered = (target.answered ?? 0) + requests;
}

/** A run of a `cost` row's load, by time (wrk) or by count (streams). */
async function load(target, row, { seconds, times, expectedBytes }) {
  const result =
    row.load === 'wrk'
      ? await wrk(target, { bodyFile: row.bodyFile, connections: row.connections, seconds })
      : await streams(target, row, { times, expectedBytes });
  noErrors(target, row, result);
  return result;
}

/** At least `count` requests, uncounted. */
export async function warmUp(target, row, count, expectedBytes) {
  if (row.kind === 'latency') {
    await openLoop(target, { body: row.body, perSecond: 1_000, count });
    return;
  }
  const times = Math.ceil(count / row.connections);
  for (let done = 0; done < count;) done += (await load(target, row, { seconds: 1, times, expectedBytes })).requests;
}

/** @returns {Promise<{value: number, perSecond: number}>} CPU milliseconds per request (chunk), and requests (chunks) per second */
export async function cost(target, row, amount) {
  const before = await rest(target);
  const { requests, seconds } = await load(target, row, amount);
  const after = await rest(target);
  const units = requests * (row.chunks ?? 1);
  return { value: (after - before) / units, perSecond: units / seconds };
}

/** @returns {Promise<{value: number, cpuMs: number}>} median latency in milliseconds */
export async function latency(target, row, count) {
  const before = cpuMs(target.pid);
  const { latenciesMs, errors } = await openLoop(target, { body: row.body, perSecond: row.perSecond, count });
  noErrors(target, row, { errors, requests: count });
  return { value: median(latenciesMs), cpuMs: (cpuMs(target.pid) - before) / count };
}

/** @returns {Promise<{value: number}>} growth of resident memory, MB, while `row.count` streams are open and chunks flow */
export async function memory(target, row, holdMs) {
  const before = rssBytes(target.pid);
  const open = await openStreams(target, row);
  await sleep(holdMs);
  const grown = rssBytes(target.pid) - before;
  const alive = open.stillOpen();
  open.close();
  if (alive !== row.count) throw new Error(`${target.name}: ${row.count - alive} of ${row.count} streams were closed`);
  return { value: grown / 1e6 };
}
