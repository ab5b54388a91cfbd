import { defineProvider } from '../provider.js';

const API = 'https://api.cloudflare.com/client/v4/accounts';

/** Workers AI. https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/ */
export const cloudflare = defineProvider({
  name: 'cloudflare',
  title: 'Cloudflare Workers AI',
  // Holds the account's id.
  baseUrl: undefined,
  environment: {
    variables: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_ACCOUNT_ID'],
    baseUrlVariable: 'CLOUDFLARE_BASE_URL',
    baseUrl: ({ CLOUDFLARE_ACCOUNT_ID: account }) => `${API}/${account}/ai/v1`,
    // https://developers.cloudflare.com/workers-ai/models/
    serves: {
      models: {
        'gpt-oss-120b': '@cf/openai/gpt-oss-120b',
        'gpt-oss-20b': '@cf/openai/gpt-oss-20b',
        'kimi-k2.7-code': '@cf/moonshotai/kimi-k2.7-code',
        'kimi-k2.6': '@cf/moonshotai/kimi-k2.6',
        'kimi-k2.5': '@cf/moonshotai/kimi-k2.5',
        'glm-5.3-flash': '@cf/zai-org/glm-5.3-flash',
        'glm-5.2': '@cf/zai-org/glm-5.2',
        'glm-4.7-flash': '@cf/zai-org/glm-4.7-flash',
        'deepseek-v4-pro': '@cf/deepseek-ai/deepseek-v4-pro-0813',
        'qwen3.8-27b': '@cf/qwen/qwen3.8-27b',
        'qwen3-30b-a3b': '@cf/qwen/qwen3-30b-a3b-fp8',
        'gemma-4-26b-a4b-it': '@cf/google/gemma-4-26b-a4b-it',
        'nemotron-3-120b-a12b': '@cf/nvidia/nemotron-3-120b-a12b',
        'llama-3.1-8b-instant': '@cf/meta/llama-3.1-8b-instruct',
        'llama-3.3-70b-versatile': '@cf/meta/llama-3.3-70b-instruct-fp8-fast',
        'llama-4-scout': '@cf/meta/llama-4-scout-17b-16e-instruct',
      },
    },
    priority: 10,
  },
  checkChannel: ({ baseUrl }) =>
    baseUrl === undefined ? `base_url: a cloudflare channel needs ${API}/<account id>/ai/v1` : undefined,
  adapt: (body, { model }) => {
    // Meta's models know the older name only: https://developers.cloudflare.com/workers-ai/models/llama-3.3-70b-instruct-fp8-fast/
    if (!model.startsWith('@cf/meta/') || body.max_completion_tokens === undefined) return body;
    const { max_completion_tokens: most, ...rest } = body;
    return most === null ? rest : { ...rest, max_tokens: most };
  },
});
