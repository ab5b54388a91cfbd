// What admission costs: `npm run bench:admission`. The same small request, to a Lazu where nothing binds and to one where everything does
// (prepaid, RPM and TPM of account and key, a quota of the key), with limits in memory and, where redis-server is installed, in Redis. CPU of
// Lazu's process per request, bookkeeping after the last answer included. Within a round the Lazus take turns every few hundred requests, so
// that a machine that gets slower does so for all of them. Two processes of the same kind differ by some 5 %, for as long as they live: so there are
// several of each kind, and what they differ by is shown.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { admissionSteps } from './admission-steps.mjs';
import { cpuMs, descendants, freePort, MEASURED_CORE, OTHER_CORE, pin, start, stop, until } from './processes.mjs';
import { startCommand } from './start-command.mjs';
import { mean, median, medianInterval } from './statistics.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    requests: { type: 'string', default: '6000' },
    each: { type: 'string', default: '3' },
  },
});
const ROUNDS = Number(values.rounds);
const REQUESTS = Number(values.requests);
const EACH = Number(values.each);
const CALLERS = 16;
/** Requests to one Lazu before it is the next one's turn. */
const TURN = 300;
/** Never met, and counted against all the same. */
const MOST = 2_000_000_000;
const PLENTY_MICRO_USD = 1_000_000_000_000;
const BODY = JSON.stringify({
  model: 'gpt-4o-mini',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Say hello. '.repeat(40) }],
});
const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 120, completion_tokens: 3, total_tokens: 123 },
});

const upstream = createServer((asked, answer) => {
  asked.resume().on('end', () => answer.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER));
}).listen(0, '127.0.0.1');
await new Promise(resolve => upstream.once('listening', resolve));

async function call(base, method, path, key, body) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(base + path, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function startLazu(name, { isBound, redisUrl }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'lazu-admission-'));
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const adminKey = `sk-lazu-admin-${randomBytes(24).toString('hex')}`;
  const child = start(MEASURED_CORE, startCommand(), {
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      LAZU_DATA_DIR: dataDir,
      LAZU_ADMIN_KEY: adminKey,
      LOG_LEVEL: 'error',
      BILLING: isBound ? 'prepaid' : 'off',
      OPENAI_API_KEY: 'sk-bench',
      OPENAI_BASE_URL: `http://127.0.0.1:${upstream.address().port}/v1`,
      ...(redisUrl && { REDIS_URL: redisUrl }),
    },
  });
  await until(child, name, () =>
    fetch(`${base}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  for (const pid of descendants(child.pid)) pin(pid, OTHER_CORE); // its PostgreSQL
  const limits = isBound ? { rpm: MOST, tpm: MOST } : {};
  const { id } = await call(base, 'POST', '/api/admin/accounts', adminKey, { name: 'bench', ...limits });
  const grant = { amount_micro_usd: PLENTY_MICRO_USD, reference: 'bench' };
  if (isBound) await call(base, 'POST', `/api/admin/accounts/${id}/topups`, adminKey, grant);
  const quota = isBound ? { quota_micro_usd: PLENTY_MICRO_USD, quota_period: 'day' } : {};
  const made = await call(base, 'POST', `/api/admin/accounts/${id}/keys`, adminKey, { name: 'k', ...limits, ...quota });
  const end = async () => {
    await stop(child, 20_000);
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { name, port, key: made.key, pid: child.pid, end, agent: new Agent({ keepAlive: true, maxSockets: CALLERS }) };
}

/** So many requests by so many callers. @throws unless each is a 200 */
async function load({ name, port, key, agent }, requests) {
  let left = requests;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': BODY.length };
  const one = () =>
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions', agent, headers });
      sent.on('error', reject).on('response', answer => {
        if (answer.statusCode !== 200) reject(new Error(`${name} answered ${answer.statusCode}`));
        answer.resume().on('end', resolve);
      });
      sent.end(BODY);
    });
  const caller = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** CPU of each when what is left to do is done. */
async function atRest(lazus) {
  const spent = () => lazus.map(({ pid }) => cpuMs(pid));
  for (let last = spent(), tries = 0; tries < 50; tries++) {
    await sleep(400);
    const now = spent();
    if (now.every((ms, at) => ms - last[at] < 40)) return now;
    last = now;
  }
  throw new Error('they do not come to rest');
}

async function startRedis() {
  const port = await freePort();
  const command = ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = start(OTHER_CORE, command);
  const isUp = await until(child, 'redis-server', () => child.output.includes('Ready to accept'), 5_000).catch(
    () => false,
  );
  return isUp ? { url: `redis://127.0.0.1:${port}`, end: () => stop(child) } : undefined;
}

const redis = await startRedis();
const kinds = [
  { name: 'nothing binds', isBound: false },
  { name: 'everything binds, in memory', isBound: true },
  ...(redis ? [{ name: 'everything binds, in Redis', isBound: true, redisUrl: redis.url }] : []),
];
const lazus = [];
try {
  for (let one = 0; one < EACH; one++) for (const kind of kinds) lazus.push(await startLazu(kind.name, kind));
  for (const lazu of lazus) await load(lazu, 10_000); // warm
  /** By kind, of each process: CPU-ms per request, a figure for each round. */
  const spent = kinds.map(() => Array.from({ length: EACH }, () => []));
  for (let round = 0; round < ROUNDS; round++) {
    const before = await atRest(lazus);
    for (let turn = 0; turn < REQUESTS / TURN; turn++) {
      for (const lazu of turn % 2 === 0 ? lazus : lazus.toReversed()) await load(lazu, TURN);
    }
    for (const [at, ms] of (await atRest(lazus)).entries()) {
      spent[at % kinds.length][Math.floor(at / kinds.length)].push((ms - before[at]) / REQUESTS);
    }
  }
  console.log(
    `CPU-ms per request, ${ROUNDS} rounds of ${REQUESTS} to each of ${EACH} processes, in turns of ${TURN}. × nothing binds: median of the ` +
      `rounds, where it is in 19 of 20 such runs, the rounds' range, each process\n`,
  );
  const inRound = (processes, round) => mean(processes.map(figures => figures[round]));
  for (const [at, { name }] of kinds.entries()) {
    const rounds = spent[0][0].map((_, round) => inRound(spent[at], round));
    const ratios = rounds.map((ms, round) => ms / inRound(spent[0], round));
    const [low, high] = medianInterval(ratios).map(ratio => ratio.toFixed(3));
    const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    const single = spent[at].map(figures =>
      median(figures.map((ms, round) => ms / inRound(spent[0], round))).toFixed(2),
    );
    console.log(
      `${name}: ${median(rounds).toFixed(3)} ms; ${median(ratios).toFixed(3)} × (${low}–${high}; ${range}; ${single.join(', ')})`,
    );
  }
  const steps = await admissionSteps();
  const share = (steps.everything - steps.nothing) / 1_000 / median(spent[0].flat());
  console.log(
    `\nthe steps alone, in memory: ${steps.nothing.toFixed(1)} µs where nothing binds, ${steps.everything.toFixed(1)} µs where everything does: ` +
      `${(100 * share).toFixed(1)} % of a request`,
  );
} finally {
  for (const lazu of lazus) await lazu.end();
  await redis?.end();
  upstream.close();
}
