import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** globalThis: setup and teardown are different modules, and every project asks for them. */
export interface TestRun {
  lazuTestServer?: ChildProcess;
}

/**
 * One embedded PostgreSQL for the whole run, however many projects ask for it. Jest loads this file as CommonJS, where the sources
 * cannot be imported, and so the server is started by a process of its own.
 */
export default async function globalSetup({ rootDir }: { rootDir: string }): Promise<void> {
  const run = globalThis as TestRun;
  if (run.lazuTestServer !== undefined) return;
  const child = spawn(
    process.execPath,
    ['--import', './test/support/typescript.js', join('test', 'support', 'serve-database.ts')],
    { cwd: rootDir, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  run.lazuTestServer = child;
  for await (const line of createInterface(child.stdout)) {
    process.env['LAZU_TEST_DATABASE_URL'] = line; // Workers inherit it.
    return;
  }
  throw new Error('The test database did not start; its reason stands above');
}
