/** The order in which contenders are measured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chatBody } from './bodies.mjs';
import { checkPlain, checkStream } from './check.mjs';
import { contenders } from './contenders/index.mjs';
import { startUpstream } from './contenders/upstream.mjs';
import { openLoop } from './load/open-loop.mjs';
import { chat } from './dialects.mjs';
import { cost, latency, memory, warmUp } from './measure.mjs';
import { stream } from './rows.mjs';
import { MODEL } from './servers/answers.mjs';

/** Upstream and contenders, all up; `stop` ends them, the upstream last. */
export async function startAll(names, upstreamOptions) {
  const started = [await startUpstream(upstreamOptions)];
  const stop = async () => {
    for (const target of started.reverse()) await target.stop();
  };
  try {
    for (const name of names) started.push(await contenders[name](started[0].port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { upstream: started[0], targets: started.slice(1), stop };
}

/** Both shapes of answer, and what they leave behind, before anything is timed. */
export async function checkAll({ targets }) {
  for (const target of targets) {
    await checkPlain(target, chatBody(600));
    await checkStream(target, stream(chat, MODEL));
  }
}

/** Who takes turns in a row: every contender, and the upstream alone; or every way of the row through Lazu. */
function contestants(row, { upstream, targets }) {
  if (row.kind !== 'translation') return [upstream, ...targets].map(target => ({ name: target.name, target, row }));
  const target = targets.find(({ name }) => name === 'lazu');
  return row.ways.map(way => ({ name: way.name, target, row: { ...row, ...way } }));
}

/**
 * A B C A B C …, the upstream alone in the first and the last round (each round for latencies, which are compared with it).
 * @returns {Promise<Map<string, {value: number, perSecond?: number, cpuMs?: number}[]>>} by contender, and `direct`
 */
export async function alternate(row, all, options, say) {
  const everyone = contestants(row, all);
  const results = new Map(everyone.map(({ name }) => [name, []]));
  const expectedBytes = new Map();
  for (const { name, target, row: asked } of everyone) {
    expectedBytes.set(
      name,
      await (asked.load === 'streams' ? checkStream(target, asked) : checkPlain(target, asked.body)),
    );
    await warmUp(target, asked, options.warmUp(row.warmUp), expectedBytes.get(name));
  }
  for (let round = 1; round <= options.rounds; round++) {
    const withUpstream = row.kind === 'latency' || round === 1 || round === options.rounds;
    for (const { name, target, row: asked } of everyone) {
      if (target === all.upstream && !withUpstream) continue;
      const amount = { seconds: options.seconds, times: options.streamTimes, expectedBytes: expectedBytes.get(name) };
      const measured =
        row.kind === 'latency' ? latency(target, asked, options.latencyCount) : cost(target, asked, amount);
      results.get(name).push(await measured);
    }
    say(`${row.name}: round ${round} of ${options.rounds}`);
  }
  return results;
}

/** Memory wants a fresh process each time: a heap that has grown once does not show it again. */
export async function freshEachTime(row, options, say) {
  const results = new Map(options.contenders.map(name => [name, []]));
  for (let round = 1; round <= options.memoryRounds; round++) {
    for (const name of options.contenders) {
      const all = await startAll([name], row);
      try {
        const [target] = all.targets;
        await openLoop(target, { body: chatBody(600), perSecond: 500, count: 1_000 });
        await sleep(1_000);
        results.get(name).push(await memory(target, row, options.holdMs));
      } finally {
        await all.stop();
      }
    }
    say(`${row.name}: round ${round} of ${options.memoryRounds}`);
  }
  return results;
}
