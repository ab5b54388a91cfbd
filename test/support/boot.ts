import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import OpenAI from 'openai';
import { createApp } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { createTestDatabase } from './database.js';
import { NO_TIERS } from './tiers.js';

/** What came over the wire has no type. */
export type TestResponse = Omit<Response, 'json'> & { json(): Promise<any> };

export interface TestLazu {
  readonly app: INestApplication;
  readonly url: string;
  readonly apiKey: string;
  readonly adminKey: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly openai: OpenAI;
  /** An admin call; throws unless it is a 2xx. */
  admin(method: string, path: string, body?: object): Promise<any>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<TestResponse>;
  get(path: string, headers?: Record<string, string>): Promise<TestResponse>;
  /** The usage record of a request, waiting for it if it must. */
  record(requestId: string | null): Promise<any>;
  close(): Promise<void>;
}

/**
 * Lazu in this process on a database of its own, with exactly this environment: nobody's own keys are ever spent.
 * The sandbox is on unless said otherwise.
 * @param beside another host on the same database, which is closed last
 */
export async function bootLazu(environment: Record<string, string> = {}, beside?: TestLazu): Promise<TestLazu> {
  const database = beside ? { url: beside.databaseUrl, drop: () => Promise.resolve() } : await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'lazu-test-'));
  const config = loadConfig({
    DATABASE_URL: database.url,
    LAZU_DATA_DIR: dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'fatal',
    SANDBOX: 'on',
    JOURNAL_SYNC: 'off',
    TIERS: NO_TIERS,
    ...environment,
  });
  const { app, url, firstKeys } = await createApp(config);
  const { apiKey, adminKey } = beside ?? firstKeys!;
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<TestResponse> =>
    fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const get = (path: string, headers: Record<string, string> = {}): Promise<TestResponse> =>
    fetch(url + path, { headers: { authorization: `Bearer ${apiKey}`, ...headers } });
  return {
    app,
    url,
    apiKey,
    adminKey,
    dataDir,
    databaseUrl: database.url,
    openai: new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 }),
    post,
    get,
    async admin(method, path, body) {
      const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
      const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    async record(requestId) {
      for (let attempt = 0; ; attempt++) {
        const response = await get(`/api/usage/requests/${requestId}`);
        if (response.ok || attempt === 5) return response.json();
        await sleep(100);
      }
    },
    async close() {
      await app.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
