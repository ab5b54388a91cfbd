import { defineProvider } from '../provider.js';

/** https://docs.together.ai/reference/chat-completions-1 */
export const together = defineProvider({
  name: 'together',
  title: 'Together AI',
  // https://docs.together.ai/docs/inference/openai-compatibility
  baseUrl: 'https://api.together.ai/v1',
  // https://docs.together.ai/docs/inference/chat/reasoning
  reasoningField: 'reasoning',
  environment: {
    variables: ['TOGETHER_API_KEY'],
    baseUrlVariable: 'TOGETHER_BASE_URL',
    // https://docs.together.ai/docs/serverless/models
    serves: {
      models: {
        'gpt-oss-120b': 'openai/gpt-oss-120b',
        'gpt-oss-20b': 'openai/gpt-oss-20b',
        'deepseek-flash': 'deepseek-ai/DeepSeek-V4.1-Flash',
        'deepseek-v4-pro': 'deepseek-ai/DeepSeek-V4-Pro',
        'kimi-k3': 'moonshotai/Kimi-K3',
        'kimi-k2.7-code': 'moonshotai/Kimi-K2.7-Code',
        'kimi-k2.6': 'moonshotai/Kimi-K2.6',
        'kimi-k2.5': 'moonshotai/Kimi-K2.5',
        'glm-5.3': 'zai-org/GLM-5.3',
        'glm-5.2': 'zai-org/GLM-5.2',
        'qwen3.7-max': 'Qwen/Qwen3.7-Max',
        'qwen3.6-plus': 'Qwen/Qwen3.6-Plus',
        'qwen3.5-9b': 'Qwen/Qwen3.5-9B',
        'gemma-4-31b-it': 'google/gemma-4-31B-it',
        'nemotron-3-ultra': 'nvidia/nemotron-3-ultra-550b-a55b',
        'llama-3.3-70b-versatile': 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
      },
    },
    priority: 10,
  },
  // `logprobs` is a number and is answered in another shape: https://docs.together.ai/docs/logprobs
  refuses: ['logprobs', 'top_logprobs'],
  renames: { max_completion_tokens: 'max_tokens' },
  // https://docs.together.ai/reference/chat-completions-1: 1 to 128
  maxN: 8,
  adapt: body => {
    // A list only: same page.
    if (typeof body.stop === 'string') body.stop = [body.stop];
    return body;
  },
});
