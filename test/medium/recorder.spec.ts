import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { LedgerService } from '../../src/billing/ledger.service.js';
import type { PrismaService } from '../../src/database/prisma.service.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { DatabaseLink } from '../support/database-link.js';
import { discard, metering, newRequestId, poolOn, until, type Metering } from '../support/usage.js';

let database: TestDatabase;
let pool: pg.Pool;
let open: Metering[];

beforeEach(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  pool = poolOn(database.url);
  open = [];
});
afterEach(async () => {
  for (const { recorder, journal, root } of open) {
    await recorder.stop();
    await journal.end();
    discard(root);
  }
  await pool.end();
  await database.drop();
});

async function start(...args: Parameters<typeof metering>): Promise<Metering> {
  const made = metering(...args);
  open.push(made);
  await made.recorder.start();
  return made;
}

const rows = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows;
const stored = async () => Number((await rows('SELECT count(*) AS n FROM usage_records'))[0].n);
const idle = ({ queue, journal }: Metering) => queue.held === 0 && journal.segments.spilled.length === 0;

/** The rollups, and the same sums made from the records: these must be equal at all times. */
async function bothSums() {
  const [rolled] = await rows(
    `SELECT sum(requests)::int AS requests, sum(failures)::int AS failures, sum(input_tokens)::int AS input,
       sum(output_tokens)::int AS output, sum(charge_micro_usd)::int AS charge FROM usage_rollups`,
  );
  const [summed] = await rows(
    `SELECT count(*)::int AS requests, (count(*) FILTER (WHERE status IN ('failed', 'interrupted')))::int AS failures,
       coalesce(sum((dimensions->0->>'quantity')::int), 0)::int AS input,
       coalesce(sum((dimensions->1->>'quantity')::int), 0)::int AS output, sum(charge_micro_usd)::int AS charge
     FROM usage_records`,
  );
  return { rolled, summed };
}

describe('the recorder', () => {
  it('stores the record as it was journalled, and its sums', async () => {
    const made = await start(pool);
    const record = await made.request({ input: 100, output: 20 });
    await until(async () => (await stored()) === 1);
    const [row] = await rows('SELECT * FROM usage_records');
    expect({
      ...row,
      started_at: row.started_at.toISOString(),
      ended_at: row.ended_at.toISOString(),
      charge_micro_usd: Number(row.charge_micro_usd),
    }).toEqual({ ...record, batch_id: expect.stringMatching(/^batch_/) });
    expect(await rows("SELECT *, to_char(day, 'YYYY-MM-DD') AS day FROM usage_rollups")).toEqual([
      {
        day: record.started_at.slice(0, 10),
        account_id: 'acct_1',
        key_id: 'key_1',
        model: 'm',
        lane: 'direct',
        requests: '1',
        failures: '0',
        input_tokens: '100',
        cache_read_tokens: '0',
        output_tokens: '20',
        charge_micro_usd: '140',
      },
    ]);
  });

  it('has a record within 1 s of its end', async () => {
    const made = await start(pool);
    const begun = Date.now();
    await made.request();
    await until(async () => (await stored()) === 1);
    expect(Date.now() - begun).toBeLessThan(1_000);
  });

  it('counts a record that comes again nowhere', async () => {
    const made = await start(pool);
    const requestId = newRequestId();
    await Promise.all([made.request({ requestId }), made.request({ requestId }), made.request()]);
    await until(() => idle(made));
    await made.request({ requestId, input: 999 });
    await until(() => idle(made));
    expect(await stored()).toBe(2);
    const { rolled, summed } = await bothSums();
    expect(rolled).toEqual({ requests: 2, failures: 0, input: 20, output: 10, charge: 40 });
    expect(rolled).toEqual(summed);
  });

  it('trap 20: two of them racing over the same records and the same sums never deadlock, and count once', async () => {
    const [one, two] = [await start(pool), await start(pool)];
    const ids = Array.from({ length: 3_000 }, () => newRequestId());
    const feed = async (made: Metering, order: readonly string[]) => {
      for (let from = 0; from < order.length; from += 100) {
        const some = order.slice(from, from + 100);
        await Promise.all(some.map((requestId, at) => made.request({ requestId, keyId: `key_${at % 7}` })));
      }
    };
    await Promise.all([feed(one, ids), feed(two, [...ids].reverse())]);
    await until(() => idle(one) && idle(two), 30_000);
    expect(await stored()).toBe(3_000);
    const { rolled, summed } = await bothSums();
    expect(rolled).toMatchObject({ requests: 3_000, charge: 60_000 });
    expect(rolled).toEqual(summed);
    const [{ deadlocks }] = await rows('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
    expect(Number(deadlocks)).toBe(0);
  });

  it('is not held up by a record that PostgreSQL refuses: that one is set aside', async () => {
    const made = await start(pool);
    const bad = newRequestId();
    const { segment } = { segment: made.journal.open('') };
    const poison = JSON.stringify({ ...(await made.request()), request_id: bad, reasoning_tokens: 'many' });
    const written = made.journal.append(poison, segment);
    await Promise.all([written, ...Array.from({ length: 200 }, () => made.request())]);
    await until(() => idle(made));
    expect(await stored()).toBe(201);
    expect(readFileSync(join(made.root, 'rejected.jsonl'), 'utf8')).toBe(`${poison}\n`);
    const { rolled, summed } = await bothSums();
    expect(rolled).toEqual(summed);
  });

  it('repairs text that PostgreSQL cannot hold instead of losing the record', async () => {
    const made = await start(pool);
    const requestId = newRequestId();
    const record = {
      ...(await made.request()),
      request_id: requestId,
      provider_usage: { odd: 'a\0b', half: '\ud800' },
    };
    await made.journal.append(JSON.stringify(record), made.journal.open(''));
    await until(async () => (await stored()) === 2);
    const [row] = await rows('SELECT provider_usage FROM usage_records WHERE request_id = $1', [requestId]);
    expect(row.provider_usage).toEqual({ odd: 'a\ufffdb', half: '\ufffd' });
    expect(existsSync(join(made.root, 'rejected.jsonl'))).toBe(false);
  });
});

describe('trap 12: nothing is lost and nothing is counted twice', () => {
  it('when connections are terminated under load', async () => {
    const made = await start(pool);
    let ended = 0;
    let running = true;
    const callers = Array.from({ length: 8 }, async () => {
      while (running) {
        await made.request();
        ended++;
        if (ended % 20 === 0) await sleep(1);
      }
    });
    const axe = poolOn(database.url);
    for (let blow = 0; blow < 25; blow++) {
      await axe.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      await sleep(60);
    }
    await axe.end();
    running = false;
    await Promise.all(callers);
    await until(() => idle(made), 30_000);
    expect(await stored()).toBe(ended);
    const { rolled, summed } = await bothSums();
    expect(rolled).toEqual(summed);
    expect(rolled.requests).toBe(ended);
  }, 60_000);

  it('when the database is away for longer than memory lasts, and callers do not notice', async () => {
    const link = await DatabaseLink.open(database.url);
    const far = poolOn(link.url);
    const made = await start(far, { mostHeld: 200, segmentBytes: 100_000 });
    await made.request();
    await until(async () => (await stored()) === 1);
    await link.cut();
    let slowest = 0;
    for (let turn = 0; turn < 300; turn++) {
      const begun = performance.now();
      await Promise.all(Array.from({ length: 10 }, () => made.request()));
      slowest = Math.max(slowest, performance.now() - begun);
      expect(made.queue.held).toBeLessThanOrEqual(200);
    }
    expect(slowest).toBeLessThan(500);
    expect(await stored()).toBe(1);
    expect(made.journal.bytes).toBeGreaterThan(1_000_000);
    await link.mend();
    await until(() => idle(made), 30_000);
    await Promise.all(Array.from({ length: 10 }, () => made.request()));
    await until(() => idle(made), 30_000);
    expect(await stored()).toBe(3_011);
    const { rolled, summed } = await bothSums();
    expect(rolled).toEqual(summed);
    made.journal.rotate();
    await until(() => made.journal.bytes === 0);
    await made.recorder.stop();
    await far.end();
    await link.cut();
  }, 60_000);

  it('when the process stops in order: what is left is recorded first, and no journal remains', async () => {
    const made = await start(pool);
    await Promise.all(Array.from({ length: 50 }, () => made.request()));
    await made.recorder.stop();
    expect(await stored()).toBe(50);
    await made.journal.end();
    expect(readdirSync(made.root)).toEqual([]);
  });

  it('when the process stops while the database is away: the next start goes on', async () => {
    const link = await DatabaseLink.open(database.url);
    const far = poolOn(link.url);
    await link.cut();
    const made = await start(far);
    await Promise.all(Array.from({ length: 50 }, () => made.request()));
    await made.recorder.stop();
    await made.journal.end();
    await far.end();
    await link.cut();
    const next = await start(pool, { root: made.root });
    await until(async () => (await stored()) === 50);
    await next.recorder.stop();
    await next.journal.end();
    expect(readdirSync(made.root)).toEqual([]);
  }, 30_000);
});

describe('the start after a kill', () => {
  /** Leaves a journal as kill -9 does: no end, and an owner that is no more. */
  const killed = (made: Metering) => {
    const path = join(made.journal.directory, 'owner.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), pid: spawnSync('true').pid }));
  };

  it('records what callers saw end once, and what was open as `interrupted` at no charge', async () => {
    const dead = metering(pool);
    const ended = await Promise.all(Array.from({ length: 30 }, () => dead.request()));
    const running = dead.meters.open({
      requestId: newRequestId(),
      accountId: 'acct_1',
      keyId: 'key_1',
      startedAt: Date.now(),
      endpoint: '/v1/chat/completions',
      protocol: 'openai-chat',
      stream: true,
      model: 'm',
      catalogModel: 'm',
    });
    await sleep(30);
    const torn = await dead.request();
    const file = join(dead.journal.directory, '00000001.jsonl');
    truncateSync(file, statSync(file).size - 40);
    killed(dead);

    const [one, two] = [metering(pool, { root: dead.root }), metering(pool, { root: dead.root })];
    open.push(one, two);
    await Promise.all([one.recorder.start(), two.recorder.start()]);
    await until(async () => (await stored()) === 32);
    const found = await rows('SELECT request_id, status, charge_micro_usd::int AS charge FROM usage_records');
    const byId = new Map(found.map(row => [row.request_id, row]));
    for (const record of ended) expect(byId.get(record.request_id)).toMatchObject({ status: 'completed', charge: 20 });
    // The torn one's opening was written with its end, in one piece, so it tore too or is open.
    for (const requestId of [running.requestId, torn.request_id]) {
      expect(byId.get(requestId)).toMatchObject({ status: 'interrupted', charge: 0 });
    }
    const { rolled, summed } = await bothSums();
    expect(rolled).toEqual(summed);
    expect(rolled).toMatchObject({ requests: 32, failures: 2, charge: 600 });
    await dead.journal.end();
  });

  it('adopts the journals that a dead process had itself adopted', async () => {
    const first = metering(pool);
    await first.request();
    killed(first);
    const second = metering(pool, { root: first.root });
    await second.request();
    const { claimOrphans } = await import('../../src/usage/journal/owner.js');
    expect(claimOrphans(first.root, second.journal.directory)).toHaveLength(1);
    killed(second);
    const third = await start(pool, { root: first.root });
    await until(async () => (await stored()) === 2);
    await until(() => readdirSync(third.journal.directory).filter(name => !name.includes('.')).length === 0);
    await first.journal.end();
    await second.journal.end();
  });
});

describe('with BILLING=prepaid', () => {
  it('trap 12: posts each record that really came in once, in its transaction, whatever breaks', async () => {
    await pool.query(
      `INSERT INTO accounts (id, name, updated_at) SELECT 'acct_' || n, 'a', now() FROM generate_series(0, 2) AS n`,
    );
    const ledger = new LedgerService(undefined as unknown as PrismaService, undefined as never); // postUsage needs only the transaction it is given
    const made = await start(pool, { ledger });
    const spent = new Map<string, number>();
    let running = true;
    const callers = Array.from({ length: 6 }, async (_, caller) => {
      const accountId = `acct_${caller % 3}`;
      while (running) {
        const { charge_micro_usd: charge } = await made.request({
          accountId,
          input: 1 + Math.floor(Math.random() * 50),
        });
        spent.set(accountId, (spent.get(accountId) ?? 0) + charge);
        await sleep(2);
      }
    });
    const axe = poolOn(database.url);
    for (let blow = 0; blow < 20; blow++) {
      await axe.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      await sleep(Math.random() * 150);
    }
    await axe.end();
    running = false;
    await Promise.all(callers);
    await until(() => idle(made), 30_000);
    const balances = await rows(
      `SELECT ledger_account, -sum(amount_micro_usd)::int AS spent FROM ledger_postings
       WHERE ledger_account LIKE 'customer:%' GROUP BY 1`,
    );
    expect(new Map(balances.map(row => [row.ledger_account.slice('customer:'.length), row.spent]))).toEqual(spent);
    // Charges by batch equal the postings that name the batch.
    const [{ off }] = await rows(
      `SELECT count(*)::int AS off FROM (
         SELECT account_id, batch_id AS reference, sum(charge_micro_usd) AS amount FROM usage_records GROUP BY 1, 2
         EXCEPT
         SELECT t.account_id, t.reference, -p.amount_micro_usd FROM ledger_transactions t
         JOIN ledger_postings p ON p.transaction_id = t.id AND p.ledger_account = 'customer:' || t.account_id
       ) AS difference`,
    );
    expect(off).toBe(0);
  }, 60_000);

  it('a record of an account that does not exist is set aside, and the others are posted', async () => {
    await pool.query(`INSERT INTO accounts (id, name, updated_at) VALUES ('acct_1', 'a', now())`);
    const made = await start(pool, {
      ledger: new LedgerService(undefined as unknown as PrismaService, undefined as never),
    });
    await Promise.all([made.request({ accountId: 'acct_ghost' }), ...Array.from({ length: 20 }, () => made.request())]);
    await until(() => idle(made));
    expect(await stored()).toBe(20);
    const [{ spent }] = await rows(
      "SELECT -sum(amount_micro_usd)::int AS spent FROM ledger_postings WHERE ledger_account = 'customer:acct_1'",
    );
    expect(spent).toBe(400);
  });
});
