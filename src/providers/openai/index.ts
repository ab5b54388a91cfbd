import { defineProvider } from '../provider.js';

/** https://platform.openai.com/docs/api-reference/chat/create */
export const openai = defineProvider({
  name: 'openai',
  title: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  environment: {
    variables: ['OPENAI_API_KEY'],
    // As in the official SDKs: https://github.com/openai/openai-node#readme
    baseUrlVariable: 'OPENAI_BASE_URL',
    serves: { vendors: ['openai'] },
    priority: 0,
  },
  // `n` has no documented bound below Lazu's own 8: https://platform.openai.com/docs/api-reference/chat/create
  maxN: 8,
});
