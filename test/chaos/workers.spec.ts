import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { isAlive } from '../../src/database/embedded/processes.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerJson, chatAnswer, FakeUpstream, usage } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { until } from '../support/usage.js';

jest.setTimeout(60_000);

/** gpt-4o-mini: 0.15 and 0.60 USD per million tokens. */
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello now' }], max_tokens: 1_000 };
/** Every byte of the body might be a token, and vendors put up to 1,024 before it; a multiple of 20, so that what is held is what is paid: that and 1,000 tokens of output, rounded up. */
const INPUT = Buffer.byteLength(JSON.stringify(chat)) + 1_024;
const HOLD = Math.ceil(INPUT * 0.15 + 1_000 * 0.6);
/** All of the hold is used. */
const dear = answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) }));
const CHAT = '/v1/chat/completions';

describe('WORKERS=2', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let lazu: LazuProcess;
  let adminKey: string;

  const start = async (): Promise<void> => {
    lazu = await LazuProcess.start({
      WORKERS: '2',
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
    });
    adminKey ??= lazu.adminKey;
    lazu.adminKey = adminKey;
  };
  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await FakeUpstream.start();
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-workers-'));
    await start();
  });
  afterAll(async () => {
    await lazu.kill('SIGTERM');
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  let serial = 0;
  /** An account with so much, to the microUSD, and a key. */
  const tenant = async (microUsd: number, account: object = {}) => {
    const { id } = await lazu.admin('POST', '/api/admin/accounts', { name: `tenant ${++serial}`, ...account });
    const grant = { amount_micro_usd: microUsd, reference: 'start', note: 'test' };
    await lazu.admin('POST', `/api/admin/accounts/${id}/adjustments`, grant);
    const made = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, { name: 'k' });
    return { id: id as string, keyId: made.id as string, key: made.key as string };
  };
  const standing = async (key: string) => (await lazu.fresh('GET', '/api/account', { key })).json;
  const ledgerIsClean = async (): Promise<void> =>
    expect(await lazu.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
  /** Statuses of so many requests at once, each on a connection of its own; 0: it broke. */
  const together = (count: number, key: string): Promise<number[]> =>
    Promise.all(
      Array.from({ length: count }, () =>
        lazu.fresh('POST', CHAT, { key, body: chat }).then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    );
  const count = (statuses: readonly number[], status: number): number => statuses.filter(one => one === status).length;
  /** What each of several connections says: they go to the workers in turn. */
  const everywhere = async (key: string, body: object = chat): Promise<Set<number>> => {
    const statuses = new Set<number>();
    for (let n = 0; n < 12; n++) statuses.add((await lazu.fresh('POST', CHAT, { key, body })).status);
    return statuses;
  };
  /** Answers once it is told to. */
  const gated = (): (() => void) => {
    let open = (): void => undefined;
    const opened = new Promise<void>(resolve => (open = resolve));
    upstream.answers(async (request, response) => {
      await opened;
      await dear(request, response);
    });
    return open;
  };
  /** How many requests of a key each worker has begun, by its pid, as their journals say. */
  const openedBy = async (keyId: string): Promise<Map<number, number>> => {
    const counts = new Map<number, number>();
    for (const name of await readdir(join(dataDir, 'journal'))) {
      const folder = join(dataDir, 'journal', name);
      const { pid } = JSON.parse(await readFile(join(folder, 'owner.json'), 'utf8')) as { pid: number };
      for (const file of (await readdir(folder)).filter(file => file.endsWith('.jsonl'))) {
        const lines = (await readFile(join(folder, file), 'utf8')).split('\n');
        const opened = lines.filter(line => line.startsWith('{"type":"opened"') && line.includes(keyId)).length;
        if (opened > 0) counts.set(pid, opened);
      }
    }
    return counts;
  };
  /** Both serve again. */
  const replaced = (dead: number): Promise<void> =>
    until(async () => {
      const pids = await lazu.workers();
      if (pids.length < 2 || pids.includes(dead)) return false;
      return (await lazu.fresh('GET', '/metrics')).text.includes('\nlazu_workers 2\n');
    }, 20_000);

  it('trap 10: of 200 parallel requests exactly those pass that the balance covers', async () => {
    const release = gated();
    const { key } = await tenant(50 * HOLD + HOLD - 1);
    const all = together(200, key);
    await until(() => upstream.seen.length >= 50);
    await until(async () => (await standing(key)).held_micro_usd === 50 * HOLD);
    await sleep(300);
    expect(upstream.seen).toHaveLength(50);
    expect(await standing(key)).toMatchObject({ held_micro_usd: 50 * HOLD, available_micro_usd: HOLD - 1 });
    release();
    const statuses = await all;
    expect([count(statuses, 200), count(statuses, 403)]).toEqual([50, 150]);
    await until(async () => (await standing(key)).held_micro_usd === 0);
    const left = await standing(key);
    expect(left.balance_micro_usd).toBeGreaterThanOrEqual(0);
    for (let n = 0; n < 4; n++) expect(await standing(key)).toEqual(left);
    await ledgerIsClean();
  });

  it('trap 14: requests per minute are counted over both', async () => {
    upstream.answers(dear);
    const { key } = await tenant(10_000_000, { rpm: 30 });
    const statuses = await together(100, key);
    expect([count(statuses, 200), count(statuses, 429)]).toEqual([30, 70]);
    expect(await everywhere(key)).toEqual(new Set([429]));
  });

  it('trap 16: a key that was just made works on each, money that was just paid in counts on each', async () => {
    upstream.answers(dear);
    for (let round = 0; round < 3; round++) expect(await everywhere((await tenant(100 * HOLD)).key)).toEqual(new Set([200])); // prettier-ignore
    expect((await openedBy('key_')).size).toBe(2); // both take part
    const { id, key } = await tenant(1);
    expect(await everywhere(key)).toEqual(new Set([403]));
    await lazu.admin('POST', `/api/admin/accounts/${id}/topups`, { amount_micro_usd: 5_000_000, reference: 'first' });
    expect(await everywhere(key)).toEqual(new Set([200]));
  });

  it.each([
    ['deleted', 401, (of: { keyId: string }) => lazu.admin('DELETE', `/api/admin/keys/${of.keyId}`)],
    [
      'disabled',
      403,
      (of: { keyId: string }) => lazu.admin('PATCH', `/api/admin/keys/${of.keyId}`, { disabled: true }),
    ],
    ['of a suspended account', 403, (of: { id: string }) => lazu.admin('PATCH', `/api/admin/accounts/${of.id}`, { status: 'suspended' })], // prettier-ignore
  ])('trap 17: a key %s is refused at the very next request, on each', async (_how, status, revoke) => {
    upstream.answers(dear);
    for (let round = 0; round < 4; round++) {
      const of = await tenant(100 * HOLD);
      expect(await everywhere(of.key)).toEqual(new Set([200]));
      await revoke(of);
      expect(await everywhere(of.key)).toEqual(new Set([status]));
    }
  });

  it('an account that is let back is served by each at the very next request', async () => {
    upstream.answers(dear);
    const { id, key } = await tenant(100 * HOLD);
    for (let round = 0; round < 3; round++) {
      await lazu.admin('PATCH', `/api/admin/accounts/${id}`, { status: 'suspended' });
      expect(await everywhere(key)).toEqual(new Set([403]));
      await lazu.admin('PATCH', `/api/admin/accounts/${id}`, { status: 'active' });
      expect(await everywhere(key)).toEqual(new Set([200]));
    }
  });

  it('budgets that both cross are told once', async () => {
    upstream.answers(dear);
    const receiver = await FakeUpstream.start();
    try {
      const { id, key, keyId } = await tenant(100 * HOLD);
      await lazu.admin('POST', '/api/admin/webhooks', { name: 'ops', url: receiver.url, account_id: id });
      for (let nth = 1; nth <= 20; nth++) {
        const budget = { kind: 'spend_reached', threshold_micro_usd: nth * HOLD, period: 'month' };
        await lazu.admin('POST', `/api/admin/accounts/${id}/alerts`, budget);
      }
      for (let round = 0; round < 5; round++) expect(count(await together(8, key), 200)).toBe(8);
      expect((await openedBy(keyId)).size).toBe(2);
      await until(() => receiver.seen.length >= 20);
      await sleep(1_500);
      const told = receiver.seen.map(({ body }) => body.data.threshold_micro_usd / HOLD);
      expect(told.sort((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    } finally {
      await receiver.stop();
    }
  });

  it('trap 17: an admin key that was deleted opens nothing any more, on each', async () => {
    const made = await lazu.admin('POST', '/api/admin/admin-keys', { name: 'second', role: 'admin' });
    const look = async (): Promise<Set<number>> => {
      const statuses = new Set<number>();
      for (let n = 0; n < 12; n++) statuses.add((await lazu.fresh('GET', '/api/admin/accounts', { key: made.key })).status); // prettier-ignore
      return statuses;
    };
    expect(await look()).toEqual(new Set([200]));
    await lazu.admin('DELETE', `/api/admin/admin-keys/${made.id}`);
    expect(await look()).toEqual(new Set([401]));
  });

  it('a price that was just set is in force on each', async () => {
    upstream.answers(dear);
    const { key } = await tenant(1_000 * HOLD);
    for (const input_per_mtok of [3, 0.15]) {
      const prices = { input_per_mtok, output_per_mtok: 0.6 };
      await lazu.admin('PUT', '/api/admin/models/gpt-4o-mini/prices/direct', prices);
      for (let n = 0; n < 4; n++) {
        const { data } = (await lazu.fresh('GET', '/api/models/catalog', { key })).json;
        const entry = data.find((model: { model_name: string }) => model.model_name === 'gpt-4o-mini');
        expect(entry.lanes[0].input_per_mtok).toBe(input_per_mtok);
      }
    }
  });

  it('what one served the other can show at once, and /metrics is the sum of both', async () => {
    upstream.answers(dear);
    const { key } = await tenant(100 * HOLD);
    for (let n = 0; n < 6; n++) {
      const { requestId } = await lazu.fresh('POST', CHAT, { key, body: chat });
      const [one, other] = await Promise.all([1, 2].map(() => lazu.fresh('GET', `/api/usage/requests/${requestId}`, { key }))); // prettier-ignore
      expect([one!.status, other!.status]).toEqual([200, 200]);
      expect(one!.json).toEqual(other!.json);
    }
    const recorded = async () =>
      Number(/^lazu_usage_recorded_total (\d+)$/m.exec((await lazu.fresh('GET', '/metrics')).text)![1]);
    const total = async () => (await lazu.admin('GET', '/api/admin/usage')).total.requests as number;
    // Whichever of them answers, once the last batch is in; a process that counted alone would never say so.
    await until(async () => {
      const [one, all, other] = [await recorded(), await total(), await recorded()];
      return one === all && other === all;
    });
    for (let n = 0; n < 4; n++) expect((await lazu.fresh('GET', '/readyz')).json.other_instances).toBe(0);
  });

  it('traps 9 and 10: one is killed among 200 parallel requests: what it held comes back, nothing is overdrawn', async () => {
    const release = gated();
    const granted = 50 * HOLD + HOLD - 1;
    const { key, keyId } = await tenant(granted);
    const all = together(200, key);
    await until(() => upstream.seen.length >= 50);
    await sleep(300);
    const [victim, begun] = [...(await openedBy(keyId))].sort((one, other) => one[1] - other[1])[0]!;
    process.kill(victim, 'SIGKILL');
    const paid = 50 - begun;
    await until(async () => (await standing(key).catch(() => undefined))?.held_micro_usd === paid * HOLD);
    expect((await standing(key)).available_micro_usd).toBe(HOLD - 1 + begun * HOLD);
    release();
    expect(count(await all, 200)).toBe(paid);
    await replaced(victim);
    const left = await standing(key);
    expect(left).toMatchObject({ held_micro_usd: 0, balance_micro_usd: granted - paid * HOLD });
    // Exactly what came back can be spent, on the one that lived and on the one that is new.
    expect(count(await together(200, key), 200)).toBe(begun);
    expect((await standing(key)).balance_micro_usd).toBe(HOLD - 1);
    await ledgerIsClean();
  });

  it('trap 17: one that is stuck holds up no revocation: it is replaced', async () => {
    upstream.answers(dear);
    const of = await tenant(100 * HOLD);
    const [, stuck] = await lazu.workers();
    process.kill(stuck!, 'SIGSTOP');
    const waiting = [1, 2, 3].map(() => lazu.fresh('GET', '/healthz')); // one of them goes where nobody takes it
    await sleep(200);
    const { status } = await lazu.fresh('DELETE', `/api/admin/keys/${of.keyId}`, { key: adminKey });
    const outlives = isAlive(stuck!);
    if (outlives) process.kill(stuck!, 'SIGKILL'); // or it would outlive this test too
    expect({ status, outlives }).toEqual({ status: 200, outlives: false });
    const outcomes = (await Promise.allSettled(waiting)).map(outcome => outcome.status);
    expect(outcomes.filter(outcome => outcome === 'fulfilled').length).toBeGreaterThanOrEqual(2);
    expect(await everywhere(of.key)).toEqual(new Set([401]));
    await replaced(stuck!);
    expect(await everywhere(of.key)).toEqual(new Set([401]));
  });

  it('a primary that is killed takes them with it, and the next start records what they left', async () => {
    const release = gated();
    const { key } = await tenant(100 * HOLD);
    const all = together(20, key);
    await until(() => upstream.seen.length >= 20);
    await sleep(100);
    const workers = await lazu.workers();
    const killedAt = performance.now();
    await lazu.kill('SIGKILL'); // resolves when nobody holds its output any more
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    expect(workers.filter(isAlive)).toEqual([]);
    release();
    expect(count(await all, 0)).toBe(20);
    await start();
    await until(async () => (await readdir(join(dataDir, 'journal'))).length === 3);
    expect(await standing(key)).toMatchObject({ balance_micro_usd: 100 * HOLD, held_micro_usd: 0 });
    const { data } = await lazu.admin('GET', '/api/admin/requests?status=interrupted&limit=100');
    expect(data.filter((record: { key_id: string }) => record.key_id !== '').length).toBeGreaterThanOrEqual(20);
    await ledgerIsClean();
  });
});
