import { defineProvider } from '../provider.js';
import { prefixed } from '../quirks.js';

const MODELS = 'accounts/fireworks/models/';

/** https://docs.fireworks.ai/api-reference/post-chatcompletions */
export const fireworks = defineProvider({
  name: 'fireworks',
  title: 'Fireworks AI',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  environment: {
    variables: ['FIREWORKS_API_KEY'],
    baseUrlVariable: 'FIREWORKS_BASE_URL',
    // https://fireworks.ai/models?infrastructure=serverless
    serves: {
      models: {
        ...prefixed(MODELS, ['gpt-oss-120b', 'gpt-oss-20b', 'deepseek-v4-pro', 'kimi-k3', 'kimi-k2-thinking']),
        'kimi-k2.7-code': `${MODELS}kimi-k2p7-code`,
        'kimi-k2.6': `${MODELS}kimi-k2p6`,
        'kimi-k2.5': `${MODELS}kimi-k2p5`,
        'deepseek-v3.2': `${MODELS}deepseek-v3p2`,
        'glm-5.3': `${MODELS}glm-5p3`,
        'glm-5.3-flash': `${MODELS}glm-5p3-flash`,
        'glm-5.2': `${MODELS}glm-5p2`,
        'glm-5.1': `${MODELS}glm-5p1`,
        'MiniMax-M3': `${MODELS}minimax-m3`,
        'MiniMax-M2.7': `${MODELS}minimax-m2p7`,
        'qwen3.8-max': `${MODELS}qwen3p8-max`,
        'qwen3.7-plus': `${MODELS}qwen3p7-plus`,
        'qwen3.6-plus': `${MODELS}qwen3p6-plus`,
        'nemotron-3-ultra': `${MODELS}nemotron-3-ultra-nvfp4`,
      },
    },
    priority: 10,
  },
  // In the last chunk, unasked: https://docs.fireworks.ai/tools-sdks/openai-compatibility#token-usage-for-streaming-responses
  streamUsage: 'always',
  // https://docs.fireworks.ai/api-reference/post-chatcompletions: 1 to 128
  maxN: 8,
});
