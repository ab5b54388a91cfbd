import { loadConfig } from './config.js';
import { migrateOnly } from './database/migrate-only.js';

/** `npm run migrate`: brings the database to the newest schema and ends; for MIGRATE_ON_START=off. */
try {
  const applied = await migrateOnly(loadConfig(process.env));
  console.log(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
