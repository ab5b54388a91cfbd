import { defineProvider } from '../provider.js';
import { developerAsSystem, eachMessage } from '../quirks.js';

/** https://inference-docs.cerebras.ai/resources/openai */
export const cerebras = defineProvider({
  name: 'cerebras',
  title: 'Cerebras',
  baseUrl: 'https://api.cerebras.ai/v1',
  // https://inference-docs.cerebras.ai/capabilities/reasoning
  reasoningField: 'reasoning',
  environment: {
    variables: ['CEREBRAS_API_KEY'],
    baseUrlVariable: 'CEREBRAS_BASE_URL',
    // https://inference-docs.cerebras.ai/models/overview
    serves: {
      models: {
        'gpt-oss-120b': 'gpt-oss-120b',
        'glm-4.7': 'zai-glm-4.7',
        'qwen3.8-27b': 'qwen-3.8-27b',
        'gemma-4-31b-it': 'gemma-4-31b',
      },
    },
    priority: 10,
  },
  // A 400 when supplied: https://inference-docs.cerebras.ai/resources/openai#currently-unsupported-openai-features
  refuses: ['logit_bias'],
  drops: ['frequency_penalty', 'parallel_tool_calls', 'presence_penalty', 'service_tier'],
  // The role `developer` is not exposed; `system` acts at its level: https://inference-docs.cerebras.ai/resources/openai
  adapt: body => {
    eachMessage(body, developerAsSystem);
    return body;
  },
});
