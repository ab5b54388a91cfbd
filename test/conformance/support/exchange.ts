import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One recorded call of a chat endpoint. */
export interface Exchange {
  /** `deepseek/ruby_llm--chat.json#0` */
  readonly name: string;
  readonly provider: string;
  /** Where the recorded client called; undefined when only the answer was recorded. */
  readonly url: string | undefined;
  /** As it was sent; made up when only the answer was recorded. */
  readonly request: Record<string, any>;
  readonly status: number;
  /** Lower-case names, without hop-by-hop headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly streamed: boolean;
}

interface StoredFile {
  readonly provider: string;
  readonly exchanges: readonly {
    readonly request: { readonly url: string; readonly body: Record<string, any> } | null;
    readonly response: {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body_kind: 'json' | 'text';
      readonly body: unknown;
    };
  }[];
}

/** The chat exchanges in one file of the recordings' format (see their README). */
export function exchangesIn(folder: string, file: string): Exchange[] {
  const stored = JSON.parse(readFileSync(join(folder, file), 'utf8')) as StoredFile;
  return stored.exchanges.flatMap(({ request, response }, index): Exchange[] => {
    if (request && !/\/chat\/completions(?:\?|$)/.test(request.url)) return [];
    const text = response.body_kind === 'text' ? (response.body as string) : JSON.stringify(response.body);
    const streamed = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
    return [
      {
        name: `${file}#${index}`,
        provider: stored.provider,
        url: request?.url,
        request: request?.body ?? inventedRequest(text, streamed),
        status: response.status,
        headers: response.headers,
        bytes: Buffer.from(text),
        streamed,
      },
    ];
  });
}

/** Every chat exchange of the recordings, by the index's `api` column. */
export function recordedExchanges(folder: string): Exchange[] {
  const [head = '', ...lines] = readFileSync(join(folder, 'INDEX.tsv'), 'utf8').trim().split('\n');
  const api = head.split('\t').indexOf('api');
  return lines
    .map(line => line.split('\t'))
    .filter(columns => columns[api]?.includes('/chat/completions'))
    .flatMap(columns => exchangesIn(folder, columns[0]!));
}

function inventedRequest(answer: string, stream: boolean): Record<string, any> {
  const model = /"model"\s*:\s*"([^"]+)"/.exec(answer)?.[1] ?? 'unnamed';
  const asked = { model, messages: [{ role: 'user', content: 'What did you say then?' }] };
  return stream ? { ...asked, stream, stream_options: { include_usage: true } } : asked;
}
