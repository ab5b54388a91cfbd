import { defineProvider } from '../provider.js';
import { countOf, redivided, unsupported } from '../quirks.js';

const TITLE = 'Perplexity';

/** Sonar: every answer rests on a web search. https://docs.perplexity.ai/guides/chat-completions-guide */
export const perplexity = defineProvider({
  name: 'perplexity',
  title: TITLE,
  baseUrl: 'https://api.perplexity.ai',
  environment: {
    variables: ['PERPLEXITY_API_KEY'],
    baseUrlVariable: 'PERPLEXITY_BASE_URL',
    serves: { vendors: ['perplexity'] },
    priority: 0,
  },
  // Not among the parameters of https://docs.perplexity.ai/guides/chat-completions-guide#api-compatibility
  refuses: [
    ...['audio', 'function_call', 'functions', 'logit_bias', 'logprobs', 'modalities', 'tools', 'top_logprobs'],
  ],
  drops: ['parallel_tool_calls', 'prediction', 'seed', 'service_tier', 'tool_choice'],
  renames: { max_completion_tokens: 'max_tokens' },
  // Every chunk carries the running total.
  streamUsage: 'always',
  adapt: body => {
    // `json_schema` and `regex` are all there is: https://docs.perplexity.ai/guides/structured-outputs
    const format = body.response_format as { type?: unknown } | null | undefined;
    if (format?.type === 'json_object') throw unsupported(TITLE, 'response_format', "use type 'json_schema'");
    return body;
  },
  // https://docs.perplexity.ai/getting-started/pricing
  readUsage: (raw, usage) => {
    const { input = 0, output = 0 } = usage.dimensions;
    const [citations = 0, reasoning = 0, searches = 0] = [
      raw.citation_tokens,
      raw.reasoning_tokens,
      raw.num_search_queries,
    ].map(countOf);
    // The fee per request depends on the search context; deep research has searches instead, and tokens beside its total.
    const fee = typeof raw.search_context_size === 'string' && searches === 0 ? 1 : 0;
    const split = redivided(usage, {
      input: input + citations,
      output: output + reasoning,
      requests: fee,
      tool_web_search: searches,
    });
    const beside = citations + reasoning;
    return beside === 0
      ? split
      : { ...split, reasoningTokens: reasoning || undefined, totalTokens: (usage.totalTokens ?? 0) + beside };
  },
});
