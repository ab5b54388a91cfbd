import type { INestApplication } from '@nestjs/common';
import { createApp } from './app.js';
import { ConfigError, loadConfig } from './config.js';
import { LazuError } from './errors.js';
import { greeting } from './greeting.js';
import { Draining } from './http/draining.js';

/** One Ctrl-C comes twice under `npm start`: from the terminal, and from npm, which passes it on. */
const SAME_KEYSTROKE_MS = 1_000;

/** Start, say how to use it, and stop in order: `app.close()` runs the shutdown hooks from the doors inwards. */
async function main(): Promise<void> {
  let stoppingSince: number | undefined;
  let running = undefined as INestApplication | undefined;
  const stop = () => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      // While it still starts it stops as soon as it is up.
      running?.close().then(() => process.exit(0), fail);
    } else if (performance.now() - stoppingSince > SAME_KEYSTROKE_MS) {
      if (!running) process.exit(1);
      running.get(Draining).hurry();
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const { app, url, firstKeys, exampleModel } = await createApp(loadConfig(process.env));
  running = app;
  if (stoppingSince !== undefined) {
    await app.close();
    process.exit(0);
  }
  process.stdout.write(greeting(url, firstKeys, exampleModel));
}

/** What an operator can mend gets one line; anything else its stack. */
function fail(error: unknown): never {
  const expected = error instanceof ConfigError || error instanceof LazuError;
  const text = error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`Lazu: ${text}\n`);
  process.exit(1);
}

main().catch(fail);
