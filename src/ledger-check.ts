import { checkOnly } from './billing/check-only.js';
import { loadConfig } from './config.js';
import { askWhileRunning } from './database/embedded/while-running.js';

/** `npm run ledger:check`: proves that the ledger adds up; ends with 1 when it does not. */
try {
  const check = await askWhileRunning(checkOnly(loadConfig(process.env)), 'GET /api/admin/ledger/check');
  console.log(JSON.stringify(check, undefined, 2));
  console.error(
    'Not looked at: what requests are admitted by. Only a Lazu that runs knows its open holds and unrecorded charges: GET /api/admin/ledger/check.',
  );
  if (!check.ok) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
