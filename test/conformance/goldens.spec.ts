import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { InlineParts } from '../../src/dispatch/inline-parts.js';
import { foreignLanguage } from '../../src/dispatch/languages.js';
import { translatedRequest } from '../../src/dispatch/translated-request.js';
import { Cancel } from '../../src/egress/cancel.js';
import { LazuError } from '../../src/errors.js';
import type { Model } from '../../src/catalog/route.js';
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js';
import { geminiInbound } from '../../src/protocols/gemini/inbound.js';
import { openaiChat } from '../../src/protocols/openai-chat/index.js';
import type { Inbound, JsonObject, ProtocolName } from '../../src/protocols/protocol.js';
import { providerNamed } from '../../src/providers/index.js';
import { messagesConversations } from './support/conversations/anthropic-messages.js';
import { geminiConversations } from './support/conversations/gemini.js';
import { chatConversations } from './support/conversations/openai-chat.js';

type Conversations = Readonly<Record<string, JsonObject>>;

interface Destination {
  readonly protocol: ProtocolName;
  readonly provider: string;
  readonly model: string;
  readonly credential?: string | Readonly<Record<string, string>>;
}

/** Languages that callers are translated to, each by the model that shows most of it. */
const DESTINATIONS: readonly Destination[] = [
  { protocol: 'openai-chat', provider: 'openrouter', model: 'anthropic/claude-sonnet-4.5' },
  { protocol: 'openai-responses', provider: 'openai', model: 'gpt-5.6-terra' },
  { protocol: 'anthropic-messages', provider: 'anthropic', model: 'claude-sonnet-4-5' },
  { protocol: 'gemini', provider: 'gemini', model: 'gemini-3-pro' },
  {
    ...{ protocol: 'bedrock-converse', provider: 'bedrock', model: 'amazon.nova-2-lite-v1:0' },
    credential: { access_key_id: 'id', secret_access_key: 'key', region: 'us-east-1' },
  },
  { protocol: 'cohere-chat', provider: 'cohere', model: 'command-a-reasoning-08-2025' },
];

const target = { model: 'asked', stream: false, form: 'events', thoughts: false } as const;
const CALLERS: readonly (readonly [Inbound, Conversations])[] = [
  [openaiChat, chatConversations],
  [{ ...anthropicMessages, readFacts: body => anthropicMessages.readFacts(body, 0) }, messagesConversations],
  [geminiInbound(target), geminiConversations],
];
const PAIRS = CALLERS.flatMap(([inbound, conversations]) =>
  DESTINATIONS.filter(({ protocol }) => protocol !== inbound.name).map(
    to => [inbound.name, to.protocol, { inbound, conversations, to }] as const,
  ),
);

/** What the catalog knows of it. */
const MODEL = { maxOutputTokens: 64_000, parameters: {} } as Model;

/** Whoever must have bytes gets these. */
const inlineParts = new InlineParts({
  memory: { open: () => ({ release: () => undefined }) },
  fetchPart: ({ accept }: { accept: string }) =>
    Promise.resolve({
      mediaType: accept === 'image' ? 'image/png' : 'application/pdf',
      bytes: Buffer.from('the bytes at that place'),
    }),
} as any);

/** What every dialect must say beside what a conversation is about. */
const REQUIRED: Readonly<Partial<Record<ProtocolName, JsonObject>>> = {
  'openai-chat': { model: 'asked' },
  'anthropic-messages': { model: 'asked', max_tokens: 9_000 },
};

/**
 * What goes out for each feature, as reviewed by eye: a change of any of it must be meant. `UPDATE_GOLDENS=1` writes the files anew.
 */
describe.each(PAIRS)('%s to %s, as reviewed', (_from, _to, { inbound, conversations, to }) => {
  const { protocol, model, credential = 'key' } = to;
  const file = join('test/conformance/goldens', inbound.name, `${protocol}.json`);
  const provider = providerNamed(to.provider)!;
  const channel = { id: 'c', provider: to.provider, baseUrl: undefined, credential, options: { protocol } } as any;
  const upstream = foreignLanguage(provider, channel, model);

  const sent = async (conversation: JsonObject): Promise<object> => {
    const body = { ...REQUIRED[inbound.name], ...conversation };
    try {
      const { stream } = inbound.readFacts(body, JSON.stringify(body).length);
      const outgoing = { protocol, endpoint: 'chat' as const, model, stream, channel };
      const inlined = await inlineParts.inline(inbound.readRequest(body), upstream, new Cancel());
      const how = {
        provider,
        upstream,
        outgoing,
        model: MODEL,
        asked: 'asked',
        without: new Set<never>(),
        headers: {},
      };
      const { request, dropped } = translatedRequest(inlined.conversation, how);
      const lost = dropped.length > 0 ? { dropped } : {};
      const path = request.url.pathname + request.url.search;
      return { path, ...lost, body: JSON.parse(Buffer.from(request.body!).toString()) };
    } catch (error) {
      if (!(error instanceof LazuError)) throw error;
      return { refused: error.code, param: error.param, message: error.message };
    }
  };

  const isAnew = process.env['UPDATE_GOLDENS'] !== undefined;
  const goldens: Record<string, object> =
    isAnew || !existsSync(file) ? {} : (JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>);

  it.each(Object.entries(conversations))('%s', async (feature, asked) => {
    const written = await sent(asked);
    if (isAnew) goldens[feature] = written;
    else expect(written).toEqual(goldens[feature]);
  });

  it('has no other features', () => expect(Object.keys(goldens)).toEqual(Object.keys(conversations)));

  afterAll(async () => {
    if (!isAnew) return;
    const options = { ...(await resolveConfig(file)), filepath: file };
    writeFileSync(file, await format(JSON.stringify(goldens), options));
  });
});
