import { LazuError } from '../errors.js';
import * as anthropicLacks from './anthropic-messages/lacks.js';
import { anthropicMessages } from './anthropic-messages/index.js';
import { bedrockConverse } from './bedrock-converse/index.js';
import * as bedrockLacks from './bedrock-converse/lacks.js';
import { cohereChat } from './cohere-chat/index.js';
import * as cohereLacks from './cohere-chat/lacks.js';
import type { Block, Conversation, Settings } from './conversation.js';
import { gemini } from './gemini/index.js';
import * as geminiLacks from './gemini/lacks.js';
import type { Feature, Lack } from './lacks.js';
import { openaiChat } from './openai-chat/index.js';
import * as chatLacks from './openai-chat/lacks.js';
import { SETTING_NAMES } from './openai-chat/read-settings.js';
import { openaiResponses } from './openai-responses/index.js';
import * as responsesLacks from './openai-responses/lacks.js';
import type { ForeignUpstream, ModelTraits } from './protocol.js';

type Lists = { readonly REFUSED: readonly Lack[]; readonly DROPPED: readonly Lack[] };

const PROTOCOLS: readonly (readonly [ForeignUpstream, Lists])[] = [
  [openaiChat, chatLacks],
  [openaiResponses, responsesLacks],
  [anthropicMessages, anthropicLacks],
  [gemini, geminiLacks],
  [bedrockConverse, bedrockLacks],
  [cohereChat, cohereLacks],
];

/** It can do whatever its protocol can say, except where `lacks` is what makes a refusal. */
const TRAITS: ModelTraits = {
  ...{ maxOutputTokens: undefined, reasoning: 'asked', sampling: 'both', efforts: ['low', 'medium', 'high'] },
  lacks: ['logprobs'],
};

const path = 'messages.0.content.0';
const text: Block = { type: 'text', text: 'Hi', path };
const file = (mediaType: string): Block => ({
  ...{ type: 'file', name: undefined, path },
  source: { kind: 'bytes', mediaType, data: 'AAAA' },
});
const image: Block = { type: 'image', source: { kind: 'bytes', mediaType: 'image/png', data: 'AAAA' }, path };
const tools: Conversation['tools'] = [
  {
    name: 'f',
    description: 'F',
    schema: { type: 'object', properties: {} },
    strict: false,
    path: 'tools.0.parameters',
  },
];
const schema = { type: 'object', properties: {}, required: [], additionalProperties: false };
const format = { kind: 'schema', schema, strict: true, path: 'response_format.json_schema.schema' } as const;

const SETTINGS: Required<Settings> = {
  ...{ maxOutputTokens: 100, temperature: 0.5, topP: 0.5, topK: 5, stop: ['x'], seed: 1, presencePenalty: 0.5 },
  ...{ frequencyPenalty: 0.5, logprobs: 1, effort: 'low', parallelToolCalls: false, toolChoice: { mode: 'required' } },
  ...{ outputFormat: format, user: 'u', serviceTier: 'flex' },
};

const says = (...blocks: Block[]): Partial<Conversation> => ({ turns: [{ role: 'user', blocks }] });
const answered = (...blocks: Block[]): Partial<Conversation> => ({
  turns: [
    { role: 'user', blocks: [text] },
    { role: 'assistant', blocks: [text, ...blocks] },
    { role: 'user', blocks: [text] },
  ],
});

const FEATURES: Readonly<Record<Feature, Partial<Conversation>>> = {
  'audio in a message': says({ type: 'audio', format: 'wav', data: 'AAAA', path }),
  'PDF in a message': says(file('application/pdf')),
  'files of other types': says(file('application/zip')),
  'any JSON as the format': { settings: { outputFormat: { kind: 'json' } } },
  'a format beside tools': { settings: { outputFormat: format }, tools },
  'marks for the cache': says({ ...text, cache: { lifetime: undefined } }),
  'unsigned thoughts': answered({ type: 'reasoning', text: 'Hm.', path }),
  'detail of an image': says({ ...image, detail: 'low' }),
  'images that a model made': answered(image),
};

/** What becomes of a conversation with this in it. */
function fate(upstream: ForeignUpstream, more: Partial<Conversation>): 'refused' | 'dropped' | 'taken' {
  const conversation = { ...says(text), tools: [], settings: {}, names: SETTING_NAMES, unread: [], ...more };
  try {
    const to = { model: 'm', stream: false, traits: TRAITS };
    const { dropped } = upstream.writeRequest(conversation as Conversation, to);
    return dropped.length > 0 ? 'dropped' : 'taken';
  } catch (error) {
    if (error instanceof LazuError && error.code === 'unsupported_parameter') return 'refused';
    throw error;
  }
}

const listed = ({ REFUSED, DROPPED }: Lists, isIt: (lack: Lack) => boolean) =>
  REFUSED.some(isIt) ? 'refused' : DROPPED.some(isIt) ? 'dropped' : 'taken';

describe.each(PROTOCOLS.map(([upstream, lists]) => [upstream.name, upstream, lists] as const))(
  'what %s lacks is what its lists say',
  (name, upstream, lists) => {
    it.each(Object.keys(SETTINGS) as (keyof Settings)[])('%s', setting => {
      // Of Anthropic's two tiers the caller can name one.
      const serviceTier = name === 'anthropic-messages' ? 'standard' : SETTINGS.serviceTier;
      const settings = { [setting]: setting === 'serviceTier' ? serviceTier : SETTINGS[setting] };
      const withTools = setting === 'toolChoice' || setting === 'parallelToolCalls' ? { tools } : {};
      const expected = listed(lists, lack => 'setting' in lack && lack.setting === setting);
      expect(fate(upstream, { settings, ...withTools })).toBe(expected);
    });

    it.each(Object.entries(FEATURES) as [Feature, Partial<Conversation>][])('%s', (feature, conversation) => {
      const expected = listed(lists, lack => 'feature' in lack && lack.feature === feature);
      expect(fate(upstream, conversation)).toBe(expected);
    });

    it('each with a page of the vendor’s', () => {
      for (const { link } of [...lists.REFUSED, ...lists.DROPPED]) expect(link).toMatch(/^https:\/\/\S+$/);
    });
  },
);
