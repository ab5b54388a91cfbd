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

/** `own`: the recorded request itself, if there is one. */
export interface GeminiExchange extends Exchange {
  readonly own: Record<string, any> | undefined;
}

/** Every recorded exchange of Gemini's content generation, at either host; `request` is the chat request that stands for the recorded one. */
export function geminiExchanges(folder: string, provider: 'gemini' | 'vertex'): GeminiExchange[] {
  const files = readdirSync(join(folder, provider)).map(name => `${provider}/${name}`);
  return files.flatMap(file => {
    const { exchanges } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Stored;
    return exchanges.flatMap(({ request, response }, index): GeminiExchange[] => {
      const text = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
      // Without a request it may be of Google's other API, whose answers have no candidates.
      if (request ? !/:(?:streamG|g)enerateContent\b/.test(request.url) : !text.includes('"candidates"')) return [];
      const streamed = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
      return [
        {
          name: `${file}#${index}`,
          provider,
          url: request?.url,
          own: request?.body,
          request: chatRequest(request?.body ?? {}, streamed),
          status: response.status,
          headers: response.headers,
          bytes: Buffer.from(request?.url.includes('enum-encoding') ? withNames(text) : text),
          streamed,
        },
      ];
    });
  });
}

/** The recording's tools and stream flag in OpenAI's dialect: the answer is what is judged. */
function chatRequest({ tools }: Record<string, any>, stream: boolean): Record<string, any> {
  const declared = ((tools ?? []) as any[]).flatMap(tool => tool.functionDeclarations ?? []);
  return {
    messages: [{ role: 'user', content: 'What did you say then?' }],
    ...(declared.length > 0 && { tools: declared.map(({ name }) => ({ type: 'function', function: { name } })) }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}

const FINISH_REASONS = ['FINISH_REASON_UNSPECIFIED', 'STOP', 'MAX_TOKENS'];
const MODALITIES = ['MODALITY_UNSPECIFIED', 'TEXT', 'IMAGE', 'VIDEO', 'AUDIO', 'DOCUMENT'];

/** One recorder asked for enums as numbers, which nobody does through Lazu: as they would have come otherwise. */
function withNames(text: string): string {
  return JSON.stringify(JSON.parse(text), (name, value: unknown) => {
    if (typeof value !== 'number') return value;
    return name === 'finishReason' ? FINISH_REASONS[value] : name === 'modality' ? MODALITIES[value] : value;
  });
}
