import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Model } from '../../src/catalog/route.js';
import { InlineParts } from '../../src/dispatch/inline-parts.js';
import { foreignLanguage } from '../../src/dispatch/languages.js';
import { translatedRequest } from '../../src/dispatch/translated-request.js';
import { Cancel } from '../../src/egress/cancel.js';
import { LazuError } from '../../src/errors.js';
import { readRequest } from '../../src/protocols/openai-chat/read-request.js';
import type { ProtocolName } from '../../src/protocols/protocol.js';
import { providerNamed } from '../../src/providers/index.js';
import { conversations } from './support/conversations.js';

/** Languages that chat is translated to, each by the model that shows most of it. */
const PAIRS: readonly { protocol: ProtocolName; provider: string; model: string; credential: string | object }[] = [
  { protocol: 'anthropic-messages', provider: 'anthropic', model: 'claude-sonnet-4-5', credential: 'key' },
  { protocol: 'openai-responses', provider: 'openai', model: 'gpt-5.6-terra', credential: 'key' },
  { protocol: 'gemini', provider: 'gemini', model: 'gemini-3-pro', credential: 'key' },
  {
    ...{ protocol: 'bedrock-converse', provider: 'bedrock', model: 'amazon.nova-2-lite-v1:0' },
    credential: { access_key_id: 'id', secret_access_key: 'key', region: 'us-east-1' },
  },
];

/** What the catalog knows of it. */
const MODEL = { maxOutputTokens: 64_000, parameters: {} } as Model;

/** Whoever must have bytes gets these. */
const inlineParts = new InlineParts({
  memory: { open: () => ({ release: () => undefined }) },
  fetchPart: () => Promise.resolve({ mediaType: 'image/png', bytes: Buffer.from('the bytes at that place') }),
} as any);

/**
 * What goes out for each feature, as reviewed by eye: a change of any of it must be meant. `UPDATE_GOLDENS=1` writes the files anew.
 */
describe.each(PAIRS)('chat to $protocol, as reviewed', ({ protocol, provider: name, model, credential }) => {
  const file = join('test/conformance/goldens', `${protocol}.json`);
  const provider = providerNamed(name)!;
  const channel = { id: 'c', provider: name, baseUrl: undefined, credential, options: { protocol } } as any;
  const upstream = foreignLanguage(provider, channel, model);

  const sent = async (asked: Record<string, unknown>): Promise<object> => {
    const stream = asked['stream'] === true;
    const outgoing = { protocol, endpoint: 'chat' as const, model, stream, channel };
    try {
      const read = readRequest({ model: 'asked', ...asked });
      const { conversation } = await inlineParts.inline(read, upstream, new Cancel());
      const to = { provider, upstream, outgoing, model: MODEL, asked: 'asked' };
      const { request, dropped } = translatedRequest(conversation, { ...to, without: new Set(), headers: {} });
      const lost = dropped.length > 0 ? { dropped } : {};
      return {
        path: request.url.pathname + request.url.search,
        ...lost,
        body: JSON.parse(Buffer.from(request.body!).toString()),
      };
    } catch (error) {
      if (!(error instanceof LazuError)) throw error;
      return { refused: error.code, param: error.param, message: error.message };
    }
  };

  const goldens: Record<string, object> = process.env['UPDATE_GOLDENS'] ? {} : JSON.parse(readFileSync(file, 'utf8'));

  it.each(Object.entries(conversations))('%s', async (feature, asked) => {
    if (process.env['UPDATE_GOLDENS']) goldens[feature] = await sent(asked);
    else expect(await sent(asked)).toEqual(goldens[feature]);
  });

  it('has no other features', () => expect(Object.keys(goldens)).toEqual(Object.keys(conversations)));

  afterAll(async () => {
    if (!process.env['UPDATE_GOLDENS']) return;
    const options = { ...(await resolveConfig(file)), filepath: file };
    writeFileSync(file, await format(JSON.stringify(goldens), options));
  });
});
