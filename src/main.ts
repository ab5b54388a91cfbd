import cluster from 'node:cluster';
import { ConfigError, loadConfig, type Config } from './config.js';
import { LazuError } from './errors.js';
import type { Running } from './running.js';

/** One Ctrl-C comes twice under `npm start`: from the terminal, and from npm, which passes it on. */
const SAME_KEYSTROKE_MS = 1_000;

/** Start, say how to use it, and stop in order: from the doors inwards. */
async function main(): Promise<void> {
  let stoppingSince: number | undefined;
  let running = undefined as Running | undefined;
  const stop = () => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      // While it still starts it stops as soon as it is up.
      running?.close().then(() => process.exit(0), fail);
    } else if (performance.now() - stoppingSince > SAME_KEYSTROKE_MS) {
      if (!running) process.exit(1);
      running.hurry();
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const started = await start(loadConfig(process.env));
  running = started;
  if (stoppingSince !== undefined) {
    await started.close();
    process.exit(0);
  }
  process.stdout.write(started.greeting);
}

/** A primary needs little of the application, and a process alone nothing of the fork: each loads its own. */
async function start(config: Config): Promise<Running> {
  if (config.workers > 1) return (await import('./primary.js')).startPrimary(config);
  return (await import('./single.js')).startSingle(config);
}

async function work(): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => undefined); // its primary's to heed
  await (await import('./worker.js')).startWorker(fail);
}

/** What an operator can mend gets one line; anything else its stack. */
function fail(error: unknown): never {
  const expected = error instanceof ConfigError || error instanceof LazuError;
  const text = error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`Lazu: ${text}\n`);
  process.exit(1);
}

(cluster.isWorker ? work() : main()).catch(fail);
