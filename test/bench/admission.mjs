// What admission costs: `npm run bench:admission`. The same small request, to a Lazu where nothing binds and to one where everything does
// (prepaid, RPM and TPM of account and key, a quota of the key), with limits in memory and, where redis-server is installed, in Redis. CPU of
// Lazu's process per request, bookkeeping after the last answer included, in alternating rounds of one run.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { admissionSteps } from './admission-steps.mjs';
import { cpuMs, freePort, MEASURED_CORE, OTHER_CORE, start, stop, until } from './processes.mjs';
import { median } from './statistics.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, requests: { type: 'string', default: '3000' } },
});
const ROUNDS = Number(values.rounds);
const REQUESTS = Number(values.requests);
const CALLERS = 16;
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
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
  const child = start(MEASURED_CORE, [process.execPath, MAIN], {
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

/** CPU when what is left to do is done. */
async function atRest({ pid }) {
  for (let last = cpuMs(pid), tries = 0; tries < 50; tries++) {
    await sleep(400);
    const now = cpuMs(pid);
    if (now - last < 40) return now;
    last = now;
  }
  throw new Error('it does not come to rest');
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
const lazus = [
  await startLazu('nothing binds', { isBound: false }),
  await startLazu('everything binds, in memory', { isBound: true }),
  ...(redis ? [await startLazu('everything binds, in Redis', { isBound: true, redisUrl: redis.url })] : []),
];
try {
  const spent = lazus.map(() => []);
  for (const lazu of lazus) await load(lazu, REQUESTS * 2);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, lazu] of lazus.entries()) {
      const before = await atRest(lazu);
      await load(lazu, REQUESTS);
      spent[at].push((await atRest(lazu)) - before);
    }
  }
  console.log(
    `CPU-ms per request, median of ${ROUNDS} alternating rounds of ${REQUESTS}; × nothing binds, median of the rounds' ratios\n`,
  );
  for (const [at, { name }] of lazus.entries()) {
    const ratios = spent[at].map((ms, round) => ms / spent[0][round]);
    const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    console.log(`${name}: ${(median(spent[at]) / REQUESTS).toFixed(3)} ms; ${median(ratios).toFixed(3)} × (${range})`);
  }
  const steps = await admissionSteps();
  const share = (steps.everything - steps.nothing) / 1_000 / (median(spent[0]) / REQUESTS);
  console.log(
    `\nthe steps alone, in memory: ${steps.nothing.toFixed(1)} µs where nothing binds, ${steps.everything.toFixed(1)} µs where everything does: ` +
      `${(100 * share).toFixed(1)} % of a request`,
  );
} finally {
  for (const lazu of lazus) await lazu.end();
  await redis?.end();
  upstream.close();
}
