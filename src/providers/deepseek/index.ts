import { anthropicBeside } from '../anthropic-beside.js';
import { defineProvider } from '../provider.js';
import { countOf, developerAsSystem, eachMessage, unsupported, withCacheRead } from '../quirks.js';

const TITLE = 'DeepSeek';
const HOME = 'https://api.deepseek.com';

/** Names that stood for the mode without thinking, which today's models have on unless told otherwise. */
const WITHOUT_THINKING = new Set(['deepseek-chat', 'deepseek-v3']);

/** https://api-docs.deepseek.com/api/create-chat-completion */
export const deepseek = defineProvider({
  name: 'deepseek',
  title: TITLE,
  baseUrl: HOME,
  // https://api-docs.deepseek.com/guides/anthropic_api: `cache_control`, `top_k`, `budget_tokens` and `anthropic-beta` are ignored there.
  ...anthropicBeside(HOME, ['api.deepseek.com']),
  authorize: ({ protocol, channel: { credential } }): Record<string, string> => {
    if (typeof credential !== 'string') return {};
    return protocol === 'anthropic-messages' ? { 'x-api-key': credential } : { authorization: `Bearer ${credential}` };
  },
  environment: {
    variables: ['DEEPSEEK_API_KEY'],
    baseUrlVariable: 'DEEPSEEK_BASE_URL',
    serves: { vendors: ['deepseek'] },
    priority: 0,
  },
  // Every name is taken; thoughts go back beside tool calls, or it is a 400: https://api-docs.deepseek.com/guides/thinking_mode
  modelTraits: () => ({
    reasoning: 'default',
    sampling: 'both',
    efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
    thoughtsBack: 'reasoning_content',
  }),
  // Not among the fields of https://api-docs.deepseek.com/api/create-chat-completion, which ignores what it does not know.
  refuses: ['audio', 'function_call', 'functions', 'logit_bias', 'modalities', 'web_search_options'],
  drops: ['parallel_tool_calls', 'prediction', 'seed', 'service_tier'],
  renames: { max_completion_tokens: 'max_tokens' },
  adapt: (body, { model }) => {
    // `text` and `json_object` are all there is: https://api-docs.deepseek.com/guides/json_mode
    const format = body.response_format as { type?: unknown } | null | undefined;
    if (format?.type === 'json_schema') throw unsupported(TITLE, 'response_format', "use type 'json_object'");
    // Thinking is a switch of its own, on by default: https://api-docs.deepseek.com/guides/thinking_mode
    if (body.reasoning_effort === 'none') {
      delete body.reasoning_effort;
      body.thinking ??= { type: 'disabled' };
    } else if (
      model !== body.model &&
      WITHOUT_THINKING.has(String(body.model)) &&
      body.reasoning_effort === undefined
    ) {
      body.thinking ??= { type: 'disabled' };
    }
    eachMessage(body, developerAsSystem);
    return body;
  },
  // `prompt_cache_hit_tokens` is inside `prompt_tokens`: https://api-docs.deepseek.com/guides/kv_cache
  readUsage: (raw, usage) => withCacheRead(usage, countOf(raw.prompt_cache_hit_tokens)),
});
