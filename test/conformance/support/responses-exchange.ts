import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exchange } from './exchange.js';

interface Stored {
  readonly exchanges: readonly {
    readonly request: { readonly method: string; readonly url: string; readonly body: Record<string, any> } | null;
    readonly response: {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: unknown;
    };
  }[];
}

/** Who was recorded speaking Responses. */
const PROVIDERS = ['openai', 'azure-openai', 'xai', 'deepseek', 'lmstudio', 'bedrock-mantle'];

/** Every recorded answer of Responses; `request` is the chat request that stands for the recorded one. */
export function responsesExchanges(folder: string): Exchange[] {
  return PROVIDERS.flatMap(provider =>
    readdirSync(join(folder, provider)).flatMap(name => exchangesIn(folder, provider, `${provider}/${name}`)),
  );
}

function exchangesIn(folder: string, provider: string, file: string): Exchange[] {
  const { exchanges } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Stored;
  return exchanges.flatMap(({ request, response }, index): Exchange[] => {
    const text = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
    const streamed = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
    const isResponses = request
      ? request.method === 'POST' && /\/responses(?:\?|$)/.test(request.url)
      : /"type": ?"response\.created"/.test(text) || (response.body as { object?: string }).object === 'response';
    if (!isResponses) return [];
    return (streamed ? oneByOne(text) : [text]).map((answer, part) => ({
      name: `${file}#${index}${part > 0 ? `.${part}` : ''}`,
      provider,
      url: request?.url,
      request: chatRequest(request?.body ?? {}, streamed),
      status: response.status,
      headers: response.headers,
      bytes: Buffer.from(answer),
      streamed,
    }));
  });
}

/** Some recordings hold the answers to several requests, one behind the other, which no reader could take for one. */
const oneByOne = (text: string): string[] =>
  text.split(/(?=event: response\.created\n)/).filter(part => part.trim() !== '');

/** The recording's functions, schema and stream flag, in chat's dialect: the answer is what is judged. */
function chatRequest({ tools, text }: Record<string, any>, stream: boolean): Record<string, any> {
  const own = ((tools ?? []) as any[]).filter(tool => tool.type === 'function');
  const functions = own.map(({ type, name, description, parameters, strict }) => ({
    type,
    function: { name, description, parameters, strict },
  }));
  const { type, name, schema, strict } = text?.format ?? {};
  return {
    messages: [{ role: 'user', content: 'What did you say then?' }],
    ...(functions.length > 0 && { tools: functions }),
    ...(type === 'json_schema' && { response_format: { type, json_schema: { name, schema, strict } } }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}
