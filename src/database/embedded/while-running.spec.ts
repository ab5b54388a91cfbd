import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataLock } from './data-lock.js';
import { askWhileRunning } from './while-running.js';

describe('a command on the embedded database', () => {
  it('that another Lazu uses is told to ask that, and never to look into another folder', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'lazu-lock-')));
    const lock = await DataLock.acquire(folder);
    try {
      await expect(askWhileRunning(DataLock.acquire(folder), 'GET /api/admin/ledger/check')).rejects.toMatchObject({
        message: `Another Lazu (pid ${process.pid}) uses ${folder}. Stop it, or ask it: GET /api/admin/ledger/check.`,
      });
    } finally {
      lock.release();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('answers and fails as it would by itself otherwise', async () => {
    expect(await askWhileRunning(Promise.resolve(5), 'GET /')).toBe(5);
    const error = new Error('Another Lazu may be meant, but this is no lock');
    await expect(askWhileRunning(Promise.reject(error), 'GET /')).rejects.toBe(error);
  });
});
