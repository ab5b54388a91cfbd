import { createApp } from './app.js';
import type { Config } from './config.js';
import { greeting } from './greeting.js';
import { Draining } from './http/draining.js';
import type { Running } from './running.js';

/** `WORKERS=1`: one process does it all. */
export async function startSingle(config: Config): Promise<Running> {
  const { app, url, firstKeys, exampleModel } = await createApp(config);
  return {
    greeting: greeting(url, firstKeys, exampleModel),
    close: () => app.close(),
    hurry: () => app.get(Draining).hurry(),
  };
}
