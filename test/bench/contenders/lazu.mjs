import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { descendants, freePort, MEASURED_CORE, OTHER_CORE, pin, start, stop, until } from '../processes.mjs';
import { startCommand } from '../start-command.mjs';

/**
 * High enough never to be met, and still a number that has to be counted against, unlike "no limit". Tokens per minute are left
 * open: what the big bodies ask for in a minute is above the highest limit there can be.
 */
const RPM = 1_000_000_000;
/** Its tier would say less; counted all the same. */
const TPM = 2_000_000_000;
const TOP_UP_MICRO_USD = 1_000_000_000_000_000;

/** @returns the answer's JSON @throws unless it is 2xx */
async function call(base, method, path, key, body) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Lazu answered ${response.status} to ${method} ${path}: ${text}`);
  return JSON.parse(text);
}

/** A prepaid account with money, limits on it and on its key, and a quota on the key: every check has something to check. */
async function makeCaller(base, adminKey) {
  const account = await call(base, 'POST', '/api/admin/accounts', adminKey, { name: 'bench', rpm: RPM, tpm: TPM });
  await call(base, 'POST', `/api/admin/accounts/${account.id}/topups`, adminKey, {
    amount_micro_usd: TOP_UP_MICRO_USD,
    reference: 'bench',
  });
  const key = await call(base, 'POST', `/api/admin/accounts/${account.id}/keys`, adminKey, {
    name: 'bench',
    quota_micro_usd: TOP_UP_MICRO_USD,
    rpm: RPM,
  });
  return key.key;
}

/**
 * Lazu with everything on: auth, limits, metering, journal, prepaid billing, on its embedded PostgreSQL (which is moved to the
 * other core). The environment is explicit: nobody's own keys are ever spent.
 * @param {string[]} [nodeFlags] for the profiler
 */
export async function startLazu(upstreamPort, nodeFlags = []) {
  const dataDir = mkdtempSync(join(tmpdir(), 'lazu-bench-'));
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const adminKey = `sk-lazu-admin-${randomBytes(24).toString('hex')}`;
  const child = start(MEASURED_CORE, startCommand(nodeFlags), {
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      LAZU_DATA_DIR: dataDir,
      LAZU_ADMIN_KEY: adminKey,
      LOG_LEVEL: 'warn',
      SANDBOX: 'off',
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'x',
      OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
      ANTHROPIC_API_KEY: 'x',
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${upstreamPort}`,
      GEMINI_API_KEY: 'x',
      GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${upstreamPort}`,
    },
  });
  const end = async () => {
    const others = descendants(child.pid);
    await stop(child, 40_000); // its own drain deadline is 30 s
    for (const pid of others) killQuietly(pid);
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await until(child, 'Lazu', () =>
      fetch(`${base}/readyz`).then(
        response => response.ok,
        () => false,
      ),
    );
    for (const pid of descendants(child.pid)) pin(pid, OTHER_CORE);
    const apiKey = await makeCaller(base, adminKey);
    return {
      name: 'lazu',
      port,
      pid: child.pid,
      headers: { authorization: `Bearer ${apiKey}` },
      usageRecord: requestId => call(base, 'GET', `/api/usage/requests/${requestId}`, apiKey),
      usageTotal: async () => (await call(base, 'GET', '/api/usage', apiKey)).total,
      stop: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Only for what a Lazu that had to be killed left behind. */
function killQuietly(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}
