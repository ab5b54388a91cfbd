/**
 * Features of `anthropic-beta` that go upstream, by name without the date: what they do stays inside one request and inside the price.
 * https://platform.claude.com/docs/en/api/beta-headers
 *
 * What is missing here does not go upstream. On purpose: `files-api`, `skills`, `mcp-client`, `mcp-tunnels`, `managed-agents`,
 * `agent-memory`, `dreaming`, `user-profiles` and `message-batches` (objects stored under the operator's shared credential),
 * `oauth` (another way to authenticate), `fast-mode`, `server-side-fallback` and `fallback-credit` (another price).
 */
export const PERMITTED_BETAS: ReadonlySet<string> = new Set([
  'adaptive-thinking',
  'advanced-tool-use',
  'advisor-tool',
  'cache-diagnosis',
  'claude-code',
  'code-execution',
  'compact',
  'computer-use',
  'context-1m',
  'context-management',
  'dev-full-thinking',
  'effort',
  'extended-cache-ttl',
  'fine-grained-tool-streaming',
  'interleaved-thinking',
  'max-tokens-3-5-sonnet',
  'mid-conversation-system',
  'model-context-window-exceeded',
  'output-128k',
  'output-300k',
  'pdfs',
  'prompt-caching',
  'prompt-caching-scope',
  'redact-thinking',
  'search-results',
  'structured-outputs',
  'thinking-token-count',
  'token-counting',
  'token-efficient-tools',
  'tool-examples',
  'tool-search-tool',
  'web-fetch',
  'web-search',
]);

const DATE = /-20\d\d-\d\d-\d\d$|-20\d{6}$/;

/** @returns what of the header goes upstream; undefined: nothing of it */
export function permittedBetas(header: string): string | undefined {
  const betas = header.split(',').map(beta => beta.trim());
  const permitted = betas.filter(beta => PERMITTED_BETAS.has(beta.replace(DATE, '')));
  return permitted.length > 0 ? permitted.join(',') : undefined;
}
