import type { Config } from '../config.js';
import { EmbeddedServer } from './embedded/embedded-server.js';
import { migrate } from './migrate.js';

/** Migrates the configured database, starting the embedded one for that time. */
export async function migrateOnly(config: Config): Promise<string[]> {
  if (config.databaseUrl !== undefined) return migrate(config.databaseUrl);
  const server = await EmbeddedServer.start({ dataDir: config.dataDir, noticed: line => console.log(line) });
  try {
    return await migrate(server.url);
  } finally {
    await server.stop();
  }
}
