import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataLock } from './data-lock.js';
import { processIdentity } from './processes.js';

describe('DataLock', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lazu-lock-'));
    path = join(folder, 'lazu.lock');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const leave = (holder: object) => writeFile(path, JSON.stringify({ token: 't', host: hostname(), ...holder }));
  const taken = async () => {
    const lock = await DataLock.acquire(folder);
    const holder = JSON.parse(await readFile(path, 'utf8')) as { pid: number };
    lock.release();
    return holder.pid === process.pid;
  };

  it('is held until released, and leaves nothing', async () => {
    const lock = await DataLock.acquire(folder);
    await expect(DataLock.acquire(folder)).rejects.toThrow(`Another Lazu (pid ${process.pid}) uses ${folder}`);
    lock.release();
    expect(await readdir(folder)).toEqual([]);
    expect(await taken()).toBe(true);
  });

  it('is given to one of many who ask at once, also over a stale file', async () => {
    for (let round = 0; round < 40; round++) {
      await leave({ pid: 1, identity: 'an earlier boot', token: `t${round}` });
      const asked = await Promise.allSettled(Array.from({ length: 20 }, () => DataLock.acquire(folder)));
      const won = asked.filter(result => result.status === 'fulfilled');
      expect(won).toHaveLength(1);
      for (const result of asked) {
        if (result.status === 'rejected') expect(String(result.reason)).toContain(`Another Lazu (pid ${process.pid})`);
      }
      won[0]!.value.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('of a dead process, of a reused pid, and a broken file are taken over', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    await leave({ pid: dead, identity: 'any' });
    expect(await taken()).toBe(true);
    await leave({ pid: process.pid, identity: `${processIdentity(process.pid)}0` });
    expect(await taken()).toBe(true);
    await writeFile(path, '{"pid":');
    expect(await taken()).toBe(true);
  });

  it('of another host counts while its file is touched: two containers, one volume', async () => {
    await leave({ pid: 7, identity: 'any', host: 'another' });
    await expect(DataLock.acquire(folder)).rejects.toThrow('Another Lazu (host another)');
    const old = new Date(Date.now() - 20_000);
    await utimes(path, old, old);
    expect(await taken()).toBe(true);
  });

  it('does not remove a lock that is no longer its own', async () => {
    const lock = await DataLock.acquire(folder);
    await leave({ pid: process.pid, identity: 'any', token: 'of another' });
    lock.release();
    expect(await readdir(folder)).toEqual(['lazu.lock']);
  });
});
