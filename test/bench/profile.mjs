/**
 * Where the CPU goes: one contender under `--cpu-prof` with one row's load; the functions with the most time of their own.
 *
 *   node test/bench/profile.mjs [--row 600B] [--of lazu|bare] [--way 1] [--seconds 10] [--times 10] [--top 40] [--ascii]
 *
 * `--way`: which of a `from-…` row's ways through Lazu; 0 is the one whose bytes pass. `--times`: streams one after another on each connection.
 *
 * Builds nothing: `npm run build` first. The profile stays in test/bench/results/ for a browser's performance panel.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inAscii } from './bodies.mjs';
import { checkPlain, checkStream } from './check.mjs';
import { startBare } from './contenders/bare.mjs';
import { startLazu } from './contenders/lazu.mjs';
import { startUpstream } from './contenders/upstream.mjs';
import { cost, warmUp } from './measure.mjs';
import { checkMachine } from './prepare.mjs';
import { OTHER_CORE, pin } from './processes.mjs';
import { rows } from './rows.mjs';

const { values } = parseArgs({
  options: {
    row: { type: 'string', default: '600B' },
    of: { type: 'string', default: 'lazu' },
    seconds: { type: 'string', default: '10' },
    ascii: { type: 'boolean', default: false },
    top: { type: 'string', default: '40' },
    way: { type: 'string', default: '1' },
    times: { type: 'string', default: '10' },
  },
});

const microseconds = () => Number(process.hrtime.bigint() / 1000n);
const results = fileURLToPath(new URL('results/', import.meta.url));

const nameOf = ({ functionName, url, lineNumber }) => {
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
  return `${functionName || '(anonymous)'}${file && `  ${file}:${lineNumber + 1}`}`;
};

/** Self time in microseconds by function (with its most frequent caller) and by place, of the samples between two moments of the monotonic clock. */
function selfTimes(profile, from, to) {
  const nodes = new Map(profile.nodes.map(node => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(node => (node.children ?? []).map(child => [child, node])));
  const functions = new Map();
  const callers = new Map();
  const places = new Map();
  const add = (times, name, time) => times.set(name, (times.get(name) ?? 0) + time);
  let now = profile.startTime;
  profile.samples.forEach((id, at) => {
    const time = profile.timeDeltas[at];
    now += time;
    const { callFrame } = nodes.get(id);
    if (now < from || now > to || callFrame.functionName === '(idle)') return;
    const name = nameOf(callFrame);
    add(functions, name, time);
    add(places, placeOf(callFrame.url, callFrame.functionName), time);
    if (!callers.has(name)) callers.set(name, new Map());
    if (parents.has(id)) add(callers.get(name), nameOf(parents.get(id).callFrame), time);
  });
  const withCaller = [...functions].map(([name, time]) => [`${name}  ← ${mostOf(callers.get(name))}`, time]);
  return { functions: new Map(withCaller), places };
}

const mostOf = times => [...times].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';

/** A package, a room of Lazu, a module of Node, or what V8 does by itself. */
function placeOf(url, functionName) {
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (dependency) return dependency[1];
  const room = /\/dist\/([^/]+)/.exec(url);
  if (room) return `dist/${room[1]}`;
  return url || functionName;
}

function print(title, times, top) {
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  console.log(`\n${title}`);
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, top)) {
    console.log(`${((100 * time) / total).toFixed(1).padStart(6)} %  ${name}`);
  }
}

async function record(row, flags) {
  const upstream = await startUpstream({ chunks: row.chunks ?? 100, delay: 0 });
  try {
    const target = await (values.of === 'bare' ? startBare : startLazu)(upstream.port, flags);
    target.profiled = true; // the profiler itself never rests
    try {
      const expectedBytes = await (row.load === 'streams' ? checkStream(target, row) : checkPlain(target, row.body));
      await warmUp(target, row, row.warmUp / 4, expectedBytes);
      const from = microseconds();
      const { value } = await cost(target, row, {
        seconds: Number(values.seconds),
        times: Number(values.times),
        expectedBytes,
      });
      console.log(`${row.ways ? row.name : row.title}: ${value.toFixed(4)} CPU-ms each, with the profiler on`);
      return { from, to: microseconds() };
    } finally {
      await target.stop();
    }
  } finally {
    await upstream.stop();
  }
}

const profiled = rows.filter(({ kind }) => kind === 'cost' || kind === 'translation');
const named = profiled.find(({ name }) => name === values.row);
if (named === undefined) throw new Error(`--row: one of ${profiled.map(({ name }) => name)}`);
const row = { ...named, ...named.ways?.[Number(values.way)] };
checkMachine([row]); // before it is bound to one core
pin(process.pid, OTHER_CORE);
const scratch = mkdtempSync(join(tmpdir(), 'lazu-profile-'));
try {
  if (values.ascii) row.body = inAscii(row.body);
  row.bodyFile = join(scratch, 'body.json');
  writeFileSync(row.bodyFile, row.body);
  const flags = ['--cpu-prof', '--cpu-prof-interval', '250', '--cpu-prof-dir', scratch];
  const { from, to } = await record(row, flags);
  const written = readdirSync(scratch).find(name => name.endsWith('.cpuprofile'));
  if (written === undefined) throw new Error('no profile was written: did the process end by itself on SIGTERM?');
  const { functions, places } = selfTimes(JSON.parse(readFileSync(join(scratch, written), 'utf8')), from, to);
  print('By place', places, 25);
  print('By function', functions, Number(values.top));
  mkdirSync(results, { recursive: true });
  const kept = join(results, `${values.of}-${row.name.replace(/\W+/g, '-')}.cpuprofile`);
  copyFileSync(join(scratch, written), kept);
  console.log(`\nprofile: ${kept}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
