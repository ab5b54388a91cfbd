import { defineProvider } from '../provider.js';

/**
 * Any server that speaks OpenAI chat at a base URL of its own: vLLM, LM Studio, llama.cpp, SGLang, LiteLLM … The base URL ends in
 * `/v1` where the server's does. Nothing is refused here: the server says what it lacks.
 * https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
 */
export const openaiCompatible = defineProvider({
  name: 'openai-compatible',
  title: 'OpenAI-compatible server',
  baseUrl: undefined,
  // https://docs.vllm.ai/en/latest/features/reasoning_outputs.html
  reasoningField: 'reasoning',
  checkChannel: channel =>
    channel.baseUrl === undefined
      ? "base_url: an openai-compatible channel needs the server's base URL, e.g. http://localhost:8000/v1"
      : undefined,
});
