import { defineProvider } from '../provider.js';
import { countOf, redivided, refuseServerTools } from '../quirks.js';
import { OPENROUTER_MODELS } from './models.js';

const TITLE = 'OpenRouter';

/** https://openrouter.ai/docs/api-reference/chat-completion */
export const openrouter = defineProvider({
  name: 'openrouter',
  title: TITLE,
  baseUrl: 'https://openrouter.ai/api/v1',
  // https://openrouter.ai/docs/use-cases/reasoning-tokens
  reasoningField: 'reasoning',
  environment: {
    variables: ['OPENROUTER_API_KEY'],
    baseUrlVariable: 'OPENROUTER_BASE_URL',
    serves: { models: OPENROUTER_MODELS },
    priority: 10,
  },
  // They choose another model, another price, or add paid tools, behind the model that was admitted and priced:
  // https://openrouter.ai/docs/features/model-routing https://openrouter.ai/docs/features/web-search
  // https://openrouter.ai/docs/features/presets https://openrouter.ai/docs/features/provider-routing
  refuses: ['models', 'plugins', 'preset', 'provider', 'route'],
  modelTraits: () => ({
    reasoning: 'asked',
    sampling: 'both',
    efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
    // https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning
    thoughtsBack: 'reasoning_details',
    // https://openrouter.ai/docs/features/prompt-caching
    cacheLifetimes: ['5m', '1h'],
  }),
  // No `n` among the fields of https://openrouter.ai/docs/api-reference/parameters
  maxN: 1,
  // Cancelling stops the billing at some of the providers behind it only: https://openrouter.ai/docs/api-reference/streaming
  billsAfterDisconnect: true,
  adapt: body => {
    refuseServerTools(TITLE, body);
    return body;
  },
  // https://openrouter.ai/docs/use-cases/usage-accounting
  readUsage: (raw, usage) => {
    const tools = raw.server_tool_use_details as { web_search_requests?: unknown } | null | undefined;
    const searches = countOf(tools?.web_search_requests);
    return searches > 0 ? redivided(usage, { tool_web_search: searches }) : usage;
  },
});
