import type { JsonObject } from '../../protocols/protocol.js';
import { defineProvider, type Outgoing } from '../provider.js';
import { modelTraits, mustTranslate, protocolsFor, withoutSummary } from './models.js';

/** o-series and everything from GPT-5 on. */
const REASONING = /^(?:o\d|gpt-(?:[5-9]|\d\d))/;

/**
 * Reasoning models do not take `max_tokens`, only its successor, which counts reasoning too:
 * https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_tokens
 */
export function withCompletionTokens(body: JsonObject, { model }: Outgoing): JsonObject {
  if (body.max_tokens === undefined || !REASONING.test(model)) return body;
  const { max_tokens: most, ...rest } = body;
  return most === null || rest.max_completion_tokens !== undefined ? rest : { ...rest, max_completion_tokens: most };
}

/** https://platform.openai.com/docs/api-reference/chat/create */
export const openai = defineProvider({
  name: 'openai',
  title: 'OpenAI',
  billsByServiceTier: true,
  protocols: ['openai-chat', 'openai-responses'],
  protocolsFor,
  baseUrl: 'https://api.openai.com/v1',
  environment: {
    variables: ['OPENAI_API_KEY'],
    // As in the official SDKs: https://github.com/openai/openai-node#readme
    baseUrlVariable: 'OPENAI_BASE_URL',
    serves: { vendors: ['openai'] },
    priority: 0,
  },
  path: ({ protocol }) => (protocol === 'openai-responses' ? '/responses' : '/chat/completions'),
  modelTraits,
  // `n` goes up to 128, Lazu's own bound is 8: https://platform.openai.com/docs/api-reference/chat/create#chat-create-n
  maxN: 8,
  adapt: withCompletionTokens,
  adaptNative: withoutSummary,
  mustTranslate,
});
