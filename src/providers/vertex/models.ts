/** Catalog names and what Vertex calls them. https://docs.cloud.google.com/vertex-ai/generative-ai/docs/models */
const GEMINI = [
  ...['gemini-4-argon', 'gemini-3.8-flash', 'gemini-3.7-flash', 'gemini-3.6-flash', 'gemini-3.5-flash'],
  ...['gemini-3.5-flash-lite', 'gemini-3.1-pro-preview', 'gemini-3.1-flash-lite', 'gemini-3-flash-preview'],
  ...['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite'],
];

/** https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai#api-model-ids: a day of release stands behind an @ */
const CLAUDE = [
  ...['claude-fable-5-1', 'claude-fable-5', 'claude-opus-5-5', 'claude-opus-5', 'claude-opus-4-8', 'claude-opus-4-7'],
  ...['claude-opus-4-6', 'claude-opus-4-5-20251101', 'claude-sonnet-5-5', 'claude-sonnet-5', 'claude-sonnet-4-6'],
  ...['claude-sonnet-4-5-20250929', 'claude-haiku-5-5', 'claude-haiku-4-5-20251001'],
];

export const isClaude = (model: string): boolean => model.startsWith('claude-');

/** A name as Vertex has it, as Anthropic itself has it. */
export const anthropicName = (model: string): string => model.replace('@', '-');

export const MODELS: Readonly<Record<string, string>> = Object.fromEntries([
  ...GEMINI.map(name => [name, name]),
  ...CLAUDE.map(name => [name, name.replace(/-(\d{8})$/, '@$1')]),
]) as Record<string, string>;
