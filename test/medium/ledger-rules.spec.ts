import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('what PostgreSQL itself enforces', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeEach(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`INSERT INTO accounts (id, name, updated_at) VALUES ('acct_1', 'one', now())`);
  });
  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  const post = async (id: string, ...amounts: number[]) => {
    await client.query('BEGIN');
    try {
      await client.query(
        `INSERT INTO ledger_transactions (id, account_id, kind, reference) VALUES ($1, 'acct_1', 'topup', $1)`,
        [id],
      );
      for (const [index, amount] of amounts.entries()) {
        await client.query('INSERT INTO ledger_postings VALUES ($1, $2, $3)', [id, `ledger_${index}`, amount]);
      }
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  };
  const count = async (table: string) => Number((await client.query(`SELECT count(*) FROM ${table}`)).rows[0].count);

  it('the postings of a ledger transaction sum to zero at the commit', async () => {
    await post('txn_1', 5_000_000, -5_000_000);
    await post('txn_2', 3, 4, -7);
    await expect(post('txn_3', 5, -4)).rejects.toThrow('txn_3 does not balance: 2 postings sum to 1 microUSD');
    await expect(post('txn_4', 0)).rejects.toThrow('txn_4 does not balance: 1 postings');
    await expect(post('txn_5')).rejects.toThrow('txn_5 does not balance: 0 postings');
    await expect(client.query(`INSERT INTO ledger_postings VALUES ('txn_1', 'later', 1)`)).rejects.toThrow(
      'does not balance',
    );
    expect([await count('ledger_transactions'), await count('ledger_postings')]).toEqual([2, 5]);
  });

  it('ledger rows are never changed or removed', async () => {
    await post('txn_1', 1, -1);
    for (const table of ['ledger_transactions', 'ledger_postings']) {
      const column = table === 'ledger_postings' ? 'ledger_account' : 'note';
      for (const statement of [
        `UPDATE ${table} SET ${column} = 'x'`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table} CASCADE`,
      ]) {
        await expect(client.query(statement)).rejects.toThrow('never changed or removed');
      }
    }
    await expect(client.query('DELETE FROM accounts')).rejects.toThrow(/foreign key/);
  });

  it('a transaction is posted once for each account, kind and reference', async () => {
    await post('txn_1', 1, -1);
    await expect(
      client.query(
        `INSERT INTO ledger_transactions (id, account_id, kind, reference) VALUES ('txn_2', 'acct_1', 'topup', 'txn_1')`,
      ),
    ).rejects.toThrow(/unique/);
  });

  it('one price is in force for a model and lane', async () => {
    await client.query(`INSERT INTO vendors VALUES ('v', 'V')`);
    await client.query(
      `INSERT INTO models (name, vendor_id, modality, default_endpoint_type, updated_at) VALUES ('m', 'v', '{}', 'openai', now())`,
    );
    const price = (id: string, lane: string) =>
      client.query(`INSERT INTO prices (id, model_name, lane, rates) VALUES ($1, 'm', $2, '{}')`, [id, lane]);
    await price('price_1', 'direct');
    await price('price_2', 'cheap');
    await expect(price('price_3', 'direct')).rejects.toThrow(/prices_in_force_key/);
    await client.query(`UPDATE prices SET superseded_at = now() WHERE id = 'price_1'`);
    await price('price_3', 'direct');
    expect(await count('prices')).toBe(3);
  });

  it('a usage record without a partition of its own lands in the default one, and its id is unique over all', async () => {
    const id = 'req_lazu_01K9ZZZZZZZZZZZZZZZZZZZZZZ';
    const insert = () =>
      client.query(
        `INSERT INTO usage_records (request_id, account_id, key_id, batch_id, started_at, ended_at, endpoint, protocol, stream, model,
           catalog_model, status, http_status, usage_source, dimensions, line_items, charge_micro_usd, routing, timings)
         VALUES ($1, 'a', 'k', 'b', now(), now(), '/v1', 'openai-chat', false, 'm', 'm', 'completed', 200, 'none', '[]', '[]', 0, '{}', '{}')
         ON CONFLICT (request_id) DO NOTHING`,
        [id],
      );
    expect((await insert()).rowCount).toBe(1);
    expect((await insert()).rowCount).toBe(0);
    expect(await count('usage_records_default')).toBe(1);
  });
});
