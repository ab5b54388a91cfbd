/**
 * What vendors say in their own words, whatever code stands beside it. Hosts pass on the words of those whose models they serve, so every
 * protocol knows them all. What is here is from the vendors' pages, recordings and bug reports; words that one protocol alone would
 * take so stay with it.
 */

/** The conversation is longer than the model reads. */
const TOO_LONG: readonly RegExp[] = [
  // OpenAI, Azure, DeepSeek, OpenRouter, Cloudflare, vLLM; Anthropic: "input length and `max_tokens` exceed context limit"
  /context[_ ](length|limit|window)|max(imum)? context/i,
  // https://github.com/ggml-org/llama.cpp/tree/master/tools/server
  /available context size|exceed_context_size/i,
  // https://platform.claude.com/docs/en/api/errors; Bedrock, Ollama, Fireworks
  /(prompt|input) (is )?too long/i,
  // https://docs.cohere.com/reference/errors, https://docs.perplexity.ai/guides/api-error-codes
  /too[_ ]many[_ ]((input|prompt)[_ ])?tokens/i,
  // https://github.com/MoonshotAI/kimi-cli/issues/2011
  /exceeded model token limit/i,
  // https://github.com/cline/cline/issues/3120: xAI
  /maximum prompt length/i,
  // https://ai.google.dev/gemini-api/docs/tokens; the second is Vertex': https://github.com/google-gemini/gemini-cli/issues/19727
  /token count .*(exceeds the maximum|only supports up to)/i,
  // https://console.groq.com/docs/errors, Cerebras
  /reduce the length of (the|your) (messages|prompt|input)/i,
  // https://help.aliyun.com/model-studio/error-code
  /range of input length/i,
];

/** The request, or what the model was about to answer, is against the vendor's rules. */
const FORBIDDEN: readonly RegExp[] = [
  // OpenAI, Azure, Moonshot, Anthropic: "Output blocked by content filtering policy"
  /content[_ ](filter|polic)|(cyber|usage)[_ ]polic|policy_violation|invalid_prompt|safety system/i,
  // https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter; Vertex
  /responsible ?ai/i,
  // https://openrouter.ai/docs/api-reference/errors#moderation-errors, Mistral
  /moderation|input was flagged/i,
  // https://github.com/UKGovernmentBEIS/inspect_ai/pull/2267: xAI
  /violates? (xai'?s? )?usage guidelines/i,
  // DeepSeek: https://github.com/deepseek-ai/DeepSeek-V3/issues?q=%22Content+Exists+Risk%22
  /content exists risk/i,
  // https://help.aliyun.com/model-studio/error-code
  /data_?inspection_?failed|inappropriate content/i,
];

/** The operator's account has nothing left, or may spend no more. A minute's limit that passes is not meant. */
const SPENT: readonly RegExp[] = [
  // https://platform.openai.com/docs/guides/error-codes, https://api-docs.deepseek.com/quick_start/error_codes
  /insufficient[_ ](quota|balance|credits?|funds)|billing_|payment required/i,
  // https://platform.claude.com/docs/en/api/errors
  /credit balance|specified (api )?usage limits/i,
  // Moonshot: https://github.com/MoonshotAI/Kimi-K2/issues/5
  /exceeded[_ ]current[_ ]quota/i,
  // xAI: https://github.com/continuedev/continue/issues/10373; Gemini, Groq (`blocked_api_access`)
  /all available credits|credits? (are|is|have been) depleted|spend(ing)? (cap|limit)|blocked_api_access/i,
  // https://developers.cloudflare.com/workers-ai/platform/errors/, https://openrouter.ai/docs/api-reference/limits
  /daily free allocation|free-models-per-day/i,
];

/** A key, an account or the name of a model that is wrong, from vendors that call it a bad request. */
const MISCONFIGURED: readonly RegExp[] = [
  // xAI says 400 to it, and Google does
  /invalid_api_key|(incorrect|invalid) api key|api key (is )?(not valid|invalid|expired|not found)/i,
  // https://developers.cloudflare.com/workers-ai/platform/errors/
  /model_not_found|no such model/i,
  // https://help.openai.com/en/articles/10910291-api-organization-verification; Anthropic
  /organization (must be verified|has been disabled)/i,
];

const isAnyOf = (patterns: readonly RegExp[], said: string): boolean => patterns.some(pattern => pattern.test(said));

export const saysTooLong = (said: string): boolean => isAnyOf(TOO_LONG, said);
export const saysForbidden = (said: string): boolean => isAnyOf(FORBIDDEN, said);
export const saysSpent = (said: string): boolean => isAnyOf(SPENT, said);
export const saysMisconfigured = (said: string): boolean => isAnyOf(MISCONFIGURED, said);
