import pg from 'pg';
import type { Config } from '../config.js';
import { EmbeddedServer } from '../database/embedded/embedded-server.js';
import { checkLedger, type LedgerCheck } from './ledger-check.js';

/** Checks the ledger of the configured database, starting the embedded one for that time. */
export async function checkOnly(config: Config): Promise<LedgerCheck> {
  if (config.databaseUrl !== undefined) return check(config.databaseUrl, config);
  const server = await EmbeddedServer.start({ dataDir: config.dataDir, noticed: line => console.error(line) });
  try {
    return await check(server.url, config);
  } finally {
    await server.stop();
  }
}

/** On a connection of its own, which no timeout of the service binds. */
async function check(url: string, { usageRetentionDays }: Config): Promise<LedgerCheck> {
  const client = new pg.Client({ connectionString: url, application_name: 'lazu-ledger-check' });
  await client.connect();
  try {
    return await checkLedger(client, usageRetentionDays);
  } finally {
    await client.end();
  }
}
