import type { FirstKeys } from './admin/first-start.js';

/** What the terminal says when Lazu is up: where, and on the very first start the keys, this once, with a curl that works as printed. */
export function greeting(url: string, made: FirstKeys | undefined, model: string | undefined): string {
  const lines = [`Lazu listens on ${url}  (API reference: ${url}/api-reference)`];
  if (made) {
    lines.push('', 'First start. These keys are shown this once:', '', `  caller key  ${made.apiKey}`);
    lines.push(`  admin key   ${made.adminKeyGiven ? '(the LAZU_ADMIN_KEY you have set)' : made.adminKey}`);
    if (model !== undefined) {
      lines.push('', 'Try it:', '', `  curl ${url}/v1/chat/completions \\`);
      lines.push(`    -H 'Authorization: Bearer ${made.apiKey}' \\`, `    -H 'Content-Type: application/json' \\`);
      lines.push(`    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'`);
    }
  }
  return `${lines.join('\n')}\n`;
}
