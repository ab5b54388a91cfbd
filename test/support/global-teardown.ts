import { once } from 'node:events';
import type { TestRun } from './global-setup.js';

export default async function globalTeardown(): Promise<void> {
  const run = globalThis as TestRun;
  const child = run.lazuTestServer;
  if (child === undefined) return;
  run.lazuTestServer = undefined;
  const ended = child.exitCode !== null ? Promise.resolve() : once(child, 'exit');
  child.stdin?.end();
  await ended;
}
