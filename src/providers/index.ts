import { anthropic } from './anthropic/index.js';
import { azureOpenai } from './azure-openai/index.js';
import { bedrock } from './bedrock/index.js';
import { cerebras } from './cerebras/index.js';
import { cloudflare } from './cloudflare/index.js';
import { cohere } from './cohere/index.js';
import { deepseek } from './deepseek/index.js';
import { fireworks } from './fireworks/index.js';
import { gemini } from './gemini/index.js';
import { groq } from './groq/index.js';
import { mistral } from './mistral/index.js';
import { moonshot } from './moonshot/index.js';
import { ollama } from './ollama/index.js';
import { openai } from './openai/index.js';
import { openaiCompatible } from './openai-compatible/index.js';
import { openrouter } from './openrouter/index.js';
import { perplexity } from './perplexity/index.js';
import type { Provider } from './provider.js';
import { sandbox } from './sandbox/index.js';
import { together } from './together/index.js';
import { vertex } from './vertex/index.js';
import { xai } from './xai/index.js';

/** Every provider. Adding one is a folder and a line here. */
export const providers: readonly Provider[] = [
  openai,
  anthropic,
  gemini,
  azureOpenai,
  bedrock,
  deepseek,
  moonshot,
  xai,
  mistral,
  cohere,
  groq,
  openrouter,
  together,
  fireworks,
  cerebras,
  perplexity,
  vertex,
  cloudflare,
  ollama,
  openaiCompatible,
  sandbox,
];

const byName = new Map(providers.map(provider => [provider.name, provider]));

export function providerNamed(name: string): Provider | undefined {
  return byName.get(name);
}
