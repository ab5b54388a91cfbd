import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { INFERENCE_ROUTE, type InferenceRoute } from '../../src/http/inference.js';
import { bootLazu, type TestLazu } from '../support/boot.js';

let lazu: TestLazu;
beforeAll(async () => {
  lazu = await bootLazu();
});
afterAll(() => lazu.close());

/** Every route on the inference mount, as the mount itself finds them. */
function inferenceRoutes(): InferenceRoute[] {
  const scanner = new MetadataScanner();
  return lazu.app
    .get(DiscoveryService, { strict: false })
    .getControllers()
    .flatMap(({ instance }) => {
      const controller = instance as Record<string, object>;
      return scanner
        .getAllMethodNames(Object.getPrototypeOf(controller) as object)
        .map(name => Reflect.getMetadata(INFERENCE_ROUTE, controller[name]!) as InferenceRoute | undefined)
        .filter(route => route !== undefined);
    });
}

/** A body that every inference endpoint of a conversation takes, but for Gemini's, which has the model in its path. */
const body = { model: 'lazu/sandbox', messages: [{ role: 'user', content: 'Say ok.' }], max_tokens: 16 };
const geminiBody = { contents: [{ role: 'user', parts: [{ text: 'Say ok.' }] }] };

/** Asks for tokens with a host's credential, by the host's own library: https://github.com/googleapis/google-auth-library-nodejs */
const ASKS_FOR_TOKENS = ['providers/vertex/access-tokens.ts'];

describe('trap 13: no way around the meter', () => {
  it('trap 13: every inference route leaves a usage record for an admitted request', async () => {
    const routes = inferenceRoutes();
    expect(routes.map(({ path }) => path)).toContain('/v1/chat/completions');
    for (const { method, path } of routes) {
      expect(method).toBe('POST');
      const at = path.replace('{model}', 'lazu/sandbox');
      const response = await lazu.post(at, path.startsWith('/v1beta/') ? geminiBody : body);
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      await response.text();
      const record = await lazu.record(response.headers.get('x-lazu-request-id'));
      const usage_source = /count_?tokens/i.test(path) ? 'none' : 'provider';
      expect({ path, ...record }).toMatchObject({ path, status: 'completed', model: 'lazu/sandbox', usage_source });
    }
  });

  it('trap 13: nothing but dispatch reaches egress, or a provider that answers itself', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.startsWith('generated'))
      .map(name => ({ name, text: readFileSync(join('src', name), 'utf8') }));
    const outside = files.filter(({ name }) => !/^(?:dispatch|egress)\//.test(name));
    expect(outside.length).toBeGreaterThan(50);
    const offenders = (pattern: RegExp) => outside.filter(({ text }) => pattern.test(text)).map(({ name }) => name);
    expect(offenders(/egress\/egress\.js/)).toEqual([]);
    expect(offenders(/\bprovider\w*(?:\([^)]*\))?[!?]?\.send\b/i)).toEqual([]);
    expect(offenders(/from '(?:undici|axios|node:https|@nestjs\/axios)'|\bfetch\(/)).toEqual(ASKS_FOR_TOKENS);
  });
});

describe('tests named after traps', () => {
  const tests = ['test', 'src']
    .flatMap(top => readdirSync(top, { recursive: true, encoding: 'utf8' }).map(name => join(top, name)))
    .filter(path => path.endsWith('.spec.ts') && !path.includes('node_modules'))
    .map(path => readFileSync(path, 'utf8'))
    .join('\n');

  it.each([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 28, 29, 30, 31, 32, 33, 34,
    35, 38, 39,
  ])('there is one for trap %i', trap => {
    expect(tests).toMatch(new RegExp(`\\b(?:it|describe)(?:\\.each\\([^;]*?\\))?\\(\\s*['"\`]trap ${trap}: `));
  });
});
