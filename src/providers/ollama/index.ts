import { defineProvider } from '../provider.js';
import { unsupported } from '../quirks.js';

const TITLE = 'Ollama';

/** The OpenAI surface lies under `/v1`; people know their server by its address alone. */
const withV1 = (address = ''): string => `${address.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1`;

/** https://docs.ollama.com/api/openai-compatibility */
export const ollama = defineProvider({
  name: 'ollama',
  title: TITLE,
  baseUrl: 'http://localhost:11434/v1',
  // https://docs.ollama.com/api/openai-compatibility
  reasoningField: 'reasoning',
  environment: {
    variables: ['OLLAMA_BASE_URL'],
    // A local server asks for none.
    credential: () => undefined,
    baseUrl: ({ OLLAMA_BASE_URL: address }) => withV1(address),
    // What `ollama pull` calls them: https://ollama.com/library
    serves: {
      models: {
        'gpt-oss-120b': 'gpt-oss:120b',
        'gpt-oss-20b': 'gpt-oss:20b',
        'llama-3.1-8b-instant': 'llama3.1:8b',
        'llama-3.3-70b-versatile': 'llama3.3:70b',
        'qwen3-32b': 'qwen3:32b',
        'qwen3-30b-a3b': 'qwen3:30b-a3b',
        'qwen3-235b-a22b': 'qwen3:235b-a22b',
      },
    },
    priority: 10,
  },
  // Images by base64, not by URL: https://docs.ollama.com/api/openai-compatibility#supported-features
  mustInline: () => true,
  // Listed as not supported: https://docs.ollama.com/api/openai-compatibility#supported-request-fields
  refuses: ['logit_bias'],
  drops: ['user'],
  renames: { max_completion_tokens: 'max_tokens' },
  maxN: 1,
  adapt: body => {
    // `tool_choice` is not supported either; without tools nothing can be chosen.
    const { tool_choice: choice, tools: _tools, ...rest } = body;
    if (choice === undefined) return body;
    if (choice === 'none') return rest;
    if (choice !== null && choice !== 'auto') throw unsupported(TITLE, 'tool_choice', "use 'auto' or 'none'");
    delete body.tool_choice;
    return body;
  },
});
