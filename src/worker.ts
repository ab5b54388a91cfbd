import type { INestApplication } from '@nestjs/common';
import { createApp } from './app.js';
import { loadConfig } from './config.js';
import { Draining } from './http/draining.js';
import { linkToPrimary } from './workers/fork.js';
import type { Host } from './workers/host.js';
import { WorkerSiblings } from './workers/siblings.js';
import { HELLO, HURRY, LISTENS, MAY_LISTEN, STOP } from './workers/turns.js';

/**
 * One of the processes that serve: the whole application, on the database and behind the limits of its primary. Signals are the
 * primary's: a Ctrl-C reaches the whole group, and only the primary knows in which order to end.
 * @param failed told when it cannot end in order
 */
export async function startWorker(failed: (error: unknown) => void): Promise<void> {
  const link = linkToPrimary();
  const { worker, instanceId, databaseUrl } = await link.ask(HELLO, undefined, Infinity);
  const host: Host = { role: 'worker', worker, instanceId, primary: link, siblings: new WorkerSiblings(link) };
  const config = { ...loadConfig(process.env), databaseUrl, migrateOnStart: false };
  let app = undefined as INestApplication | undefined;
  link.on(STOP, () => void app?.close().then(() => process.exit(0), failed));
  link.on(HURRY, () => app?.get(Draining).hurry());
  const running = await createApp(config, host, () => link.ask(MAY_LISTEN, undefined, Infinity));
  app = running.app;
  link.tell(LISTENS, { url: running.url, exampleModel: running.exampleModel });
}
