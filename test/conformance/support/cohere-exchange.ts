import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exchange } from './exchange.js';

interface Stored {
  readonly exchanges: readonly {
    readonly request: { readonly url: string; readonly body: Record<string, any> } | null;
    readonly response: {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: unknown;
    };
  }[];
}

/** Every recorded exchange of Cohere's chat, version 2; `request` is the chat request that stands for the recorded one. */
export function cohereExchanges(folder: string): Exchange[] {
  return readdirSync(join(folder, 'cohere')).flatMap(file => {
    const { exchanges } = JSON.parse(readFileSync(join(folder, 'cohere', file), 'utf8')) as Stored;
    return exchanges.flatMap(({ request, response }, index): Exchange[] => {
      const { status, headers, body } = response;
      if (request ? !request.url.endsWith('/v2/chat') : !file.startsWith('vercel-ai')) return [];
      const streamed = (headers['content-type'] ?? '').startsWith('text/event-stream');
      return [
        {
          ...{ name: `cohere/${file}#${index}`, provider: 'cohere', url: request?.url, status, headers, streamed },
          request: chatRequest(request?.body ?? {}, streamed),
          bytes: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
        },
      ];
    });
  });
}

/** The recording's tools, schema and stream flag, in OpenAI's dialect: the answer is what is judged. */
function chatRequest({ tools, response_format: format }: Record<string, any>, stream: boolean): Record<string, any> {
  const schema = format?.json_schema ?? format?.schema;
  return {
    messages: [{ role: 'user', content: 'What did you say then?' }],
    ...(tools?.length > 0 && { tools }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}
