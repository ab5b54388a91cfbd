import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { syncOnly } from './admin/sync-only.js';
import { reportText } from './catalog/sync/report-text.js';
import { loadConfig } from './config.js';
import { askWhileRunning } from './database/embedded/while-running.js';

/** `npm run prices:sync -- [--apply] [--accept MODEL]… [--only MODEL]… [--json]`: official prices from the installed data package. */
try {
  // The report alone goes to stdout.
  const aside = (line: unknown): void => console.error(String(line));
  Logger.overrideLogger({ log: aside, warn: aside, error: aside });
  const { values } = parseArgs({
    options: {
      apply: { type: 'boolean', default: false },
      accept: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
    },
  });
  const config = loadConfig(process.env);
  const report = await askWhileRunning(
    syncOnly(config, { apply: values.apply, accept: values.accept, models: values.only }),
    'GET and POST /api/admin/prices/sync',
  );
  console.log(values.json ? JSON.stringify(report, undefined, 2) : reportText(report));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
