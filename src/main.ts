import type { INestApplication } from '@nestjs/common';
import { createApp } from './app.js';
import { ConfigError, loadConfig } from './config.js';
import { LazuError } from './errors.js';
import { greeting } from './greeting.js';

/** Start, say how to use it, and stop in order: `app.close()` runs the shutdown hooks from the doors inwards. */
async function main(): Promise<void> {
  let stopping = false;
  let running = undefined as INestApplication | undefined;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    // While it still starts it stops as soon as it is up.
    running?.close().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  const { app, url, firstKeys, exampleModel } = await createApp(loadConfig(process.env));
  running = app;
  if (stopping) {
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
