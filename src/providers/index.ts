import type { Provider } from './provider.js';
import { openai } from './openai/index.js';
import { openaiCompatible } from './openai-compatible/index.js';
import { sandbox } from './sandbox/index.js';

/** Every provider. Adding one is a folder and a line here. */
export const providers: readonly Provider[] = [openai, openaiCompatible, sandbox];

const byName = new Map(providers.map(provider => [provider.name, provider]));

export function providerNamed(name: string): Provider | undefined {
  return byName.get(name);
}
