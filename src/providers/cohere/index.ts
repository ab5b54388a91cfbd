import { defineProvider } from '../provider.js';

/** They think, unless told not to: https://docs.cohere.com/docs/reasoning */
const THINKING = /^command-a-(?:plus|reasoning)/;

/** https://docs.cohere.com/reference/about */
export const cohere = defineProvider({
  name: 'cohere',
  title: 'Cohere',
  protocols: ['cohere-chat'],
  baseUrl: 'https://api.cohere.com',
  environment: {
    variables: ['COHERE_API_KEY'],
    // The official SDKs' own name: https://github.com/cohere-ai/cohere-python#usage
    insteadOf: { COHERE_API_KEY: 'CO_API_KEY' },
    baseUrlVariable: 'CO_API_URL',
    serves: { vendors: ['cohere'] },
    priority: 0,
  },
  path: ({ channel }) => (/\/v2\/*$/.test(channel.baseUrl ?? '') ? '/chat' : '/v2/chat'),
  modelTraits: model => ({ reasoning: THINKING.test(model) ? 'default' : 'none', sampling: 'both', efforts: [] }),
  streamUsage: 'always',
});
