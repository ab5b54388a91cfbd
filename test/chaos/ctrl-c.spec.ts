import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { isAlive } from '../../src/database/embedded/processes.js';
import { FakeUpstream } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { Load, steadyUpstream } from '../support/load.js';

jest.setTimeout(90_000);

it.each(['1', '2'])(
  'trap 12: Ctrl-C under load with the embedded PostgreSQL, WORKERS=%s: what began is answered and recorded, and all is over',
  async workers => {
    const upstream = await FakeUpstream.start();
    upstream.answers(steadyUpstream);
    const dataDir = await mkdtemp(join(tmpdir(), 'lazu-ctrl-c-'));
    const environment = {
      WORKERS: workers,
      LAZU_DATA_DIR: dataDir,
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
    };
    let lazu = await LazuProcess.start(environment);
    try {
      const { apiKey } = lazu;
      const load = new Load(lazu.url, Array<string>(16).fill(apiKey));
      await sleep(1_500);
      const servers = await lazu.servers();
      expect(servers).toHaveLength(1);
      const code = await lazu.killGroup('SIGINT');
      await load.stop();
      expect(code).toBe(0);
      expect(servers.filter(isAlive)).toEqual([]);
      expect(await readdir(join(dataDir, 'journal'))).toEqual([]);
      expect(await readdir(dataDir)).not.toContain('lazu.lock');
      // Nothing that had begun broke off: what failed was refused at the door.
      for (const { failure } of load.failed) expect(failure).toMatch(/503 .*service_unavailable|ECONNREFUSED|other side closed|ECONNRESET|SocketError/); // prettier-ignore
      for (const { requestId, failure } of load.failed) {
        if (requestId !== undefined) expect(failure).toMatch(/^503 /);
      }

      lazu = await LazuProcess.start(environment);
      const usage = await fetch(`${lazu.url}/api/usage`, { headers: { authorization: `Bearer ${apiKey}` } });
      const { total } = (await usage.json()) as { total: { requests: number } };
      expect(total.requests).toBe(upstream.seen.length);
      expect(load.ended.length).toBe(upstream.seen.length);
      process.stdout.write(
        `Ctrl-C: ${load.ended.length} answered, ${total.requests} recorded, ${load.failed.length} refused\n`,
      );
    } finally {
      await lazu.kill('SIGTERM');
      await upstream.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  },
);
