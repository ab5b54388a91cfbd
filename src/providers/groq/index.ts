import { defineProvider } from '../provider.js';
import { eachMessage, leaveOut, prefixed, refuseServerTools, withoutKeys } from '../quirks.js';

const TITLE = 'Groq';

/** https://console.groq.com/docs/flex-processing */
const SERVICE_TIERS = new Set<unknown>(['auto', 'on_demand', 'flex', 'performance']);

/** https://console.groq.com/docs/openai */
export const groq = defineProvider({
  name: 'groq',
  title: TITLE,
  baseUrl: 'https://api.groq.com/openai/v1',
  // https://console.groq.com/docs/reasoning
  reasoningField: 'reasoning',
  environment: {
    variables: ['GROQ_API_KEY'],
    baseUrlVariable: 'GROQ_BASE_URL',
    // https://console.groq.com/docs/models
    serves: {
      models: {
        ...prefixed('openai/', ['gpt-oss-120b', 'gpt-oss-20b']),
        ...prefixed('qwen/', ['qwen3-32b', 'qwen3.8-27b']),
        ...prefixed('', ['llama-3.1-8b-instant', 'llama-3.3-70b-versatile']),
      },
    },
    priority: 10,
  },
  // `none` and `default` are all that Qwen knows: https://console.groq.com/docs/reasoning#options-for-reasoning-effort
  modelTraits: model => ({
    reasoning: model.startsWith('qwen/') ? 'default' : 'asked',
    sampling: 'both',
    efforts: model.startsWith('qwen/') ? ['none'] : ['low', 'medium', 'high'],
  }),
  // A 400 when they are supplied at all: https://console.groq.com/docs/openai#currently-unsupported-openai-features
  refuses: ['logit_bias', 'logprobs', 'top_logprobs'],
  // "The same price as on-demand": https://console.groq.com/docs/flex-processing
  readUsage: (_raw, usage) => (usage.serviceTier === 'flex' ? { ...usage, serviceTier: 'on_demand' } : usage),
  // "If N is supplied, it must be equal to 1": same page.
  maxN: 1,
  adapt: (body, _outgoing, drop) => {
    // Built-in tools (`browser_search`, `code_interpreter`) are charged per call: https://console.groq.com/docs/browser-search
    refuseServerTools(TITLE, body);
    if (!SERVICE_TIERS.has(body.service_tier ?? 'auto')) leaveOut(body, ['service_tier'], drop);
    // `messages[].name` is a 400 too: https://console.groq.com/docs/openai#currently-unsupported-openai-features
    eachMessage(body, message =>
      message.role === 'tool' ? message : withoutKeys(message, key => key === 'name', drop),
    );
    return body;
  },
});
