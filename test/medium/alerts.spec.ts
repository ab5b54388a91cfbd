import { createServer, type AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { AlertWatch } from '../../src/alerts/alert-watch.js';
import { AlertsService } from '../../src/alerts/alerts.service.js';
import type { AlertKind, Budget } from '../../src/alerts/budget.js';
import { Courier } from '../../src/alerts/courier.js';
import { Outbox } from '../../src/alerts/outbox.js';
import { WebhooksService } from '../../src/alerts/webhooks.service.js';
import { CredentialBox } from '../../src/catalog/credential-box.js';
import { RecordedAccounts } from '../../src/usage/recorded-accounts.js';
import { AuthRooms } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerJson, FakeUpstream } from '../support/fake-upstream.js';
import { until } from '../support/usage.js';
import { verified } from '../support/webhooks.js';

const billing = { billing: 'prepaid' } as const;
const box = new CredentialBox(randomBytes(32));

/** What one process has of alerts. */
function processOn(rooms: AuthRooms) {
  const outbox = new Outbox(rooms.database, rooms.prisma);
  const webhooks = new WebhooksService(rooms.prisma, box);
  const courier = new Courier(outbox, webhooks, box);
  const watch = new AlertWatch(billing, rooms.database, rooms.ledger, new RecordedAccounts(), outbox, courier);
  return { outbox, webhooks, courier, watch, alerts: new AlertsService(billing, rooms.prisma, { touch: () => {} }) };
}

describe('budget alerts', () => {
  let database: TestDatabase;
  let rooms: AuthRooms;
  let elsewhere: AuthRooms;
  let receiver: FakeUpstream;
  let here: ReturnType<typeof processOn>;
  let there: ReturnType<typeof processOn>;
  let accountId: string;
  let secret: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url, { BILLING: 'prepaid' });
    elsewhere = await AuthRooms.open(database.url, { BILLING: 'prepaid' });
    [here, there] = [processOn(rooms), processOn(elsewhere)];
    receiver = await FakeUpstream.start();
    receiver.answers(answerJson({ ok: true }));
    accountId = (await rooms.accounts.create({ name: 'watched' }, rooms.trail)).id;
    ({ secret } = await here.webhooks.create({ name: 'ops', url: `${receiver.url}/hook?of=1` }, rooms.trail));
  });
  afterEach(async () => {
    await receiver.stop();
    await Promise.all([rooms.close(), elsewhere.close()]);
    await database.drop();
  });

  const sql = (text: string, ...values: unknown[]) => rooms.database.pool.query(text, values);
  const alert = (kind: AlertKind, budget: Budget) => here.alerts.create(accountId, { kind, ...budget }, rooms.trail);
  const spend = (microUsd: number, keyId = 'key_1', day = 'now()') =>
    sql(
      `INSERT INTO usage_rollups AS sums (day, account_id, key_id, model, lane, charge_micro_usd)
       VALUES (((${day}) AT TIME ZONE 'UTC')::date, $1, $2, 'm', 'direct', $3)
       ON CONFLICT (day, account_id, key_id, model, lane) DO UPDATE SET charge_micro_usd = sums.charge_micro_usd + $3`,
      accountId,
      keyId,
      microUsd,
    );
  const webhookId = async () => (await here.webhooks.list({ after: undefined, take: 1 }))[0]!.id;
  let reference = 0;
  const adjust = (amountMicroUsd: number) =>
    rooms.ledger.adjust(accountId, { amountMicroUsd, reference: `r${++reference}` }, rooms.trail);
  const deliveries = async () => (await sql('SELECT * FROM webhook_deliveries ORDER BY id')).rows;
  const bodies = async () => (await deliveries()).map(({ body }) => JSON.parse(body));
  /** As time would. */
  const makeDue = () => sql("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending'");
  const look = () => Promise.all([here, there, here, there].map(({ watch }) => watch.look([accountId])));

  describe('tell of each crossing once, however many look', () => {
    it('of a balance that falls below, and again after it was above', async () => {
      const { id } = await alert('balance_below', { threshold_micro_usd: 1_000 });
      expect((await look()).sort()).toEqual([0, 0, 0, 1]); // nothing was ever paid in
      await adjust(1_500);
      expect(await look()).toEqual([0, 0, 0, 0]);
      expect(await here.alerts.get(id)).toMatchObject({ crossed: false });
      await adjust(-500);
      expect(await look()).toEqual([0, 0, 0, 0]); // as much is not below
      await adjust(-1);
      expect((await look()).sort()).toEqual([0, 0, 0, 1]);
      await adjust(-300);
      expect(await look()).toEqual([0, 0, 0, 0]);
      expect(await bodies()).toMatchObject([
        { type: 'budget.balance_below', data: { alert_id: id, account_id: accountId, balance_micro_usd: 0 } },
        {
          type: 'budget.balance_below',
          timestamp: expect.stringMatching(/Z$/),
          data: { balance_micro_usd: 999, threshold_micro_usd: 1_000, period: null, spent_micro_usd: null },
        },
      ]);
      expect(await here.alerts.get(id)).toMatchObject({ crossed: true, crossed_at: expect.any(String) });
    });

    it('of what an account has spent, once a period', async () => {
      await alert('spend_reached', { threshold_micro_usd: 100, period: 'day' });
      await spend(1_000, 'key_1', "now() - interval '1 day'"); // yesterday is another day
      await spend(60);
      expect(await look()).toEqual([0, 0, 0, 0]);
      await spend(60, 'key_2');
      expect((await look()).sort()).toEqual([0, 0, 0, 1]);
      await spend(500);
      expect(await look()).toEqual([0, 0, 0, 0]);
      const today = new Date().toISOString().slice(0, 10);
      expect(await bodies()).toMatchObject([
        { type: 'budget.spend_reached', data: { spent_micro_usd: 120, period: 'day', period_start: today } },
      ]);
      await sql("UPDATE budget_alerts SET crossed_period = '2026-01-01'"); // it was told on another day
      expect((await look()).sort()).toEqual([0, 0, 0, 1]);
      expect(await deliveries()).toHaveLength(2);
    });

    it('of a key’s quota, by percent, and again when it was raised and is used up anew', async () => {
      const input = { name: 'k', quota_micro_usd: 1_000, quota_period: 'month' } as const;
      const key = await rooms.keys.create(accountId, input, rooms.trail);
      const { id } = await alert('key_quota_used', { key_id: key.id, threshold_percent: 80 });
      await spend(5_000, 'key_of_another');
      await spend(799, key.id);
      expect(await look()).toEqual([0, 0, 0, 0]);
      await spend(1, key.id);
      expect((await look()).sort()).toEqual([0, 0, 0, 1]);
      await rooms.keys.update(key.id, { quota_micro_usd: 2_000 }, rooms.trail);
      expect(await look()).toEqual([0, 0, 0, 0]);
      await spend(800, key.id);
      expect((await look()).sort()).toEqual([0, 0, 0, 1]);
      expect((await bodies()).map(({ type, data }) => [type, data.spent_micro_usd, data.quota_micro_usd])).toEqual([
        ['budget.key_quota_used', 800, 1_000],
        ['budget.key_quota_used', 1_600, 2_000],
      ]);
      await rooms.keys.delete(key.id, rooms.trail);
      expect(await look()).toEqual([0, 0, 0, 0]);
      expect(await here.alerts.get(id)).toMatchObject({ crossed: false });
    });

    it('when it is changed, by the new threshold', async () => {
      const { id } = await alert('spend_reached', { threshold_micro_usd: 100, period: 'month' });
      await spend(100);
      await look();
      await here.alerts.update(id, { threshold_micro_usd: 150 }, rooms.trail);
      expect(await look()).toEqual([0, 0, 0, 0]);
      await spend(50);
      expect((await look()).sort()).toEqual([0, 0, 0, 1]);
      await here.alerts.update(id, { enabled: false, period: 'day' }, rooms.trail);
      expect(await look()).toEqual([0, 0, 0, 0]);
      expect((await bodies()).map(({ data }) => data.threshold_micro_usd)).toEqual([100, 150]);
    });

    it('when who should have looked is gone, by a sweep of whoever is there', async () => {
      for (let n = 0; n < 150; n++) await alert('spend_reached', { threshold_micro_usd: 100 + n, period: 'day' });
      await spend(1_000);
      expect(await here.watch.sweep()).toBe(0); // somebody has just looked
      await sql("UPDATE budget_alerts SET checked_at = now() - interval '2 minutes'");
      const swept = await Promise.all([here.watch.sweep(), there.watch.sweep()]);
      expect(swept[0] + swept[1]).toBe(150);
      expect(await deliveries()).toHaveLength(150);
      expect(await there.watch.sweep()).toBe(0);
    });

    it('when it could not be written down, the next time', async () => {
      await alert('spend_reached', { threshold_micro_usd: 1, period: 'day' });
      await spend(1);
      await sql('ALTER TABLE webhook_deliveries RENAME TO away');
      await expect(here.watch.look([accountId])).rejects.toThrow('webhook_deliveries');
      await sql('ALTER TABLE away RENAME TO webhook_deliveries');
      expect(await here.watch.look([accountId])).toBe(1);
      expect(await deliveries()).toHaveLength(1);
    });
  });

  it('go to the webhooks that want them', async () => {
    const { id: other } = await rooms.accounts.create({ name: 'other' }, rooms.trail);
    const url = receiver.url;
    const make = (more: object) => here.webhooks.create({ name: 'w', url, ...more }, rooms.trail);
    const wanting = [
      await webhookId(),
      (await make({ account_id: accountId })).id,
      (await make({ events: ['budget.spend_reached'] })).id,
    ];
    await make({ account_id: other });
    await make({ events: ['budget.balance_below'] });
    await make({ enabled: false });
    await alert('spend_reached', { threshold_micro_usd: 1, period: 'day' });
    await spend(1);
    await here.watch.look([accountId]);
    const sent = await deliveries();
    expect(sent.map(({ webhook_id }) => webhook_id).sort()).toEqual(wanting.sort());
    expect(new Set(sent.map(({ event_id }) => event_id)).size).toBe(1);
  });

  describe('are delivered', () => {
    /** So many events, each of an alert of its own. */
    async function crossed(count: number): Promise<void> {
      for (let n = 0; n < count; n++) await alert('spend_reached', { threshold_micro_usd: n + 1, period: 'day' });
      await spend(count);
      expect(await here.watch.look([accountId])).toBe(count);
    }

    it('signed, once each, while two processes race', async () => {
      await crossed(60);
      await Promise.all([here.courier.run(), there.courier.run()]);
      const events = receiver.seen.map(seen => verified(secret, seen));
      expect(events).toHaveLength(60);
      const stored = await deliveries();
      expect(events.map(({ id }) => id).sort()).toEqual(stored.map(({ event_id }) => event_id).sort());
      expect(receiver.last).toMatchObject({ method: 'POST', path: '/hook?of=1' });
      for (const row of stored) expect(row).toMatchObject({ status: 'delivered', attempts: 1, last_status: 200 });
    });

    it('again, under the same id, when a process dies between taking and delivering it', async () => {
      await crossed(1);
      const [taken] = await here.outbox.claim(10);
      expect(taken!.event.body).toContain('budget.spend_reached');
      await there.courier.run();
      expect(receiver.seen).toHaveLength(0); // it may still be about to
      await makeDue();
      await there.courier.run();
      expect(receiver.seen.map(seen => verified(secret, seen).id)).toEqual([taken!.event.id]);
      expect(await deliveries()).toMatchObject([{ status: 'delivered', attempts: 2 }]);
      await here.outbox.failed(taken!, undefined, 'it was alive after all'); // too late: nothing changes
      expect(await deliveries()).toMatchObject([{ status: 'delivered', attempts: 2, last_error: null }]);
    });

    it('when the receiver is up again', async () => {
      await crossed(1);
      receiver.answers(answerJson({ why: 'maintenance' }, 503));
      await here.courier.run();
      const [waiting] = await deliveries();
      expect(waiting).toMatchObject({ status: 'pending', attempts: 1, last_status: 503, finished_at: null });
      expect(waiting.last_error).toBe('{"why":"maintenance"}');
      const wait = waiting.next_attempt_at.getTime() - (await sql('SELECT now()')).rows[0].now.getTime();
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(5_500);
      await here.courier.run();
      expect(receiver.seen).toHaveLength(1); // not before its time
      receiver.answers(answerJson('', 204));
      await makeDue();
      await there.courier.run();
      expect(verified(secret, receiver.last).id).toBe(waiting.event_id);
      expect(await deliveries()).toMatchObject([{ status: 'delivered', attempts: 2, last_status: 204 }]);
    });

    it('never to where a redirect points', async () => {
      await crossed(1);
      receiver.answers((_request, response) => void response.writeHead(307, { location: '/elsewhere' }).end());
      await here.courier.run();
      expect(receiver.seen.map(({ path }) => path)).toEqual(['/hook?of=1']);
      expect(await deliveries()).toMatchObject([{ status: 'pending', last_status: 307 }]);
    });

    it('not at all after ten attempts', async () => {
      await crossed(1);
      receiver.answers(answerJson('', 500));
      for (let n = 0; n < 12; n++) {
        await here.courier.run();
        await makeDue();
      }
      expect(receiver.seen).toHaveLength(10);
      expect(await deliveries()).toMatchObject([{ status: 'failed', attempts: 10, finished_at: expect.any(Date) }]);
    });

    it('to a webhook that was off when it is on again, and to nobody when it is deleted', async () => {
      await crossed(2);
      const id = await webhookId();
      await here.webhooks.update(id, { enabled: false }, rooms.trail);
      await here.courier.run();
      expect(receiver.seen).toHaveLength(0);
      await here.webhooks.update(id, { enabled: true }, rooms.trail);
      await here.courier.run();
      expect(receiver.seen).toHaveLength(2);
      await here.webhooks.delete(id, rooms.trail);
      expect(await deliveries()).toEqual([]);
    });

    it('and what comes back is read no further than a person would', async () => {
      const id = await webhookId();
      receiver.answers((_request, response) => {
        response.writeHead(200);
        const more = (): void => {
          while (response.write('x'.repeat(65_536)));
        };
        response.on('drain', more).on('error', () => undefined);
        more();
      });
      const result = await here.courier.test(id);
      expect(result).toMatchObject({ ok: true, status: 200, error: null });
      expect(result.answer).toBe('x'.repeat(2_048));
      await until(() => receiver.last.abortedAt !== undefined);
    });
  });

  it('say in a test what came back, or why nothing did', async () => {
    const id = await webhookId();
    receiver.answers(answerJson({ who: 'are you?' }, 401));
    const refused = await here.courier.test(id);
    expect(refused).toMatchObject({ ok: false, status: 401, answer: '{"who":"are you?"}', error: null });
    expect(verified(secret, receiver.last)).toMatchObject({
      id: refused.event_id,
      event: { type: 'webhook.test', data: { webhook_id: id } },
    });
    await here.webhooks.update(id, { url: `http://127.0.0.1:${await closedPort()}/` }, rooms.trail);
    const unreached = await here.courier.test(id);
    expect(unreached).toMatchObject({ ok: false, status: null, answer: null, error: expect.stringMatching(/REFUSED/) });
    const another = new Courier(here.outbox, here.webhooks, new CredentialBox(randomBytes(32)));
    expect((await another.test(id)).error).toContain('sealed with the key');
    expect(await deliveries()).toEqual([]);
  });

  it('leave no secret in the database, the audit or a view', async () => {
    const bare = secret.slice('whsec_'.length);
    const { rows } = await sql(
      `SELECT row_to_json(w)::text AS row FROM webhooks w UNION ALL SELECT row_to_json(e)::text FROM audit_events e`,
    );
    expect(rows.map(({ row }) => row).join()).toContain('webhook.create');
    const hex = Buffer.from(bare).toString('hex');
    const bytes = Buffer.from(bare, 'base64').toString('hex');
    for (const said of [bare, hex, bytes]) expect(rows.map(({ row }) => row).join()).not.toContain(said);
    const [view] = await here.webhooks.list({ after: undefined, take: 1 });
    expect(Object.keys(view!).sort()).toEqual(
      ['account_id', 'created_at', 'enabled', 'events', 'id', 'name', 'object', 'updated_at', 'url'], // prettier-ignore
    );
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
