import type { JsonObject, ModelTraits } from '../../protocols/protocol.js';
import { defineProvider } from '../provider.js';
import { leaveOut, refuse } from '../quirks.js';
import { readGrokUsage } from './usage.js';

const TITLE = 'xAI';

/** Every other model reasons, asked or not: https://docs.x.ai/docs/models */
const NOT_REASONING = /non-reasoning|^grok-(?:2|3(?!-mini))/;

/** They reason without a dial, and refuse one: https://docs.x.ai/docs/guides/reasoning#control-how-hard-the-model-thinks */
const WITHOUT_EFFORT = /^grok-(?:2|3(?!-mini)|4$|4-|4\.20(?!-multi-agent)|code-fast)/;

const modelTraits = (model: string): Omit<ModelTraits, 'maxOutputTokens'> =>
  NOT_REASONING.test(model)
    ? { reasoning: 'none', sampling: 'both', efforts: [] }
    : { reasoning: 'always', sampling: 'both', efforts: WITHOUT_EFFORT.test(model) ? [] : ['low', 'medium', 'high'] };

function withoutSummary(body: JsonObject): JsonObject {
  const { reasoning, ...rest } = body;
  const { effort } = (reasoning ?? {}) as { effort?: unknown };
  return effort === undefined ? rest : { ...rest, reasoning: { effort } };
}

/** https://docs.x.ai/docs/api-reference#chat-completions */
export const xai = defineProvider({
  name: 'xai',
  title: TITLE,
  protocols: ['openai-chat', 'openai-responses'],
  baseUrl: 'https://api.x.ai/v1',
  environment: {
    variables: ['XAI_API_KEY'],
    baseUrlVariable: 'XAI_BASE_URL',
    serves: { vendors: ['xai'] },
    priority: 0,
  },
  // `logit_bias` is "unsupported"; live search is charged per source: https://docs.x.ai/docs/api-reference#chat-completions
  refuses: ['logit_bias', 'search_parameters'],
  // An error on reasoning models, whatever the value: https://docs.x.ai/docs/guides/reasoning
  drops: ['frequency_penalty', 'presence_penalty'],
  maxN: 8,
  path: ({ protocol }) => (protocol === 'openai-responses' ? '/responses' : '/chat/completions'),
  // Thoughts are shown without asking, and go back encrypted: https://docs.x.ai/docs/guides/reasoning#encrypted-reasoning-content
  adaptNative: withoutSummary,
  modelTraits,
  protocolsFor: model =>
    NOT_REASONING.test(model) ? ['openai-chat', 'openai-responses'] : ['openai-responses', 'openai-chat'],
  adapt: (body, { model }, drop) => {
    if (!NOT_REASONING.test(model)) refuse(TITLE, body, ['stop']);
    if (WITHOUT_EFFORT.test(model)) leaveOut(body, ['reasoning_effort'], drop);
    return body;
  },
  readUsage: readGrokUsage,
});
