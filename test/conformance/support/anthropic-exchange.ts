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

export interface AnthropicExchange extends Exchange {
  /** The recorded request itself; undefined where only the answer was recorded. */
  readonly own: Record<string, any> | undefined;
}

/** Every recorded exchange of Anthropic's messages; `request` is the chat request that stands for the recorded one. */
export function anthropicExchanges(folder: string): AnthropicExchange[] {
  const files = readdirSync(join(folder, 'anthropic')).map(name => `anthropic/${name}`);
  return files.flatMap(file => {
    const { exchanges } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Stored;
    return exchanges.flatMap(({ request, response }, index): AnthropicExchange[] => {
      const text = typeof response.body === 'string' ? response.body : JSON.stringify(response.body);
      const streamed = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
      const isMessages = request
        ? new URL(request.url).pathname === '/v1/messages'
        : streamed || (response.body as { type?: string }).type === 'message';
      if (!isMessages) return [];
      const answers = streamed ? oneByOne(text) : [text];
      return answers.map((answer, part) => ({
        name: `${file}#${index}${part > 0 ? `.${part}` : ''}`,
        provider: 'anthropic',
        url: request?.url,
        own: request?.body,
        request: chatRequest(request?.body ?? {}, streamed),
        status: response.status,
        headers: response.headers,
        bytes: Buffer.from(answer),
        streamed,
      }));
    });
  });
}

/** Some recordings hold the answers to several requests, one behind the other, which no reader could take for one. */
const oneByOne = (text: string): string[] =>
  text.split(/(?=event: message_start\n)/).filter(part => part.trim() !== '');

/** The recording's tools, schema and stream flag, in OpenAI's dialect: the answer is what is judged. */
function chatRequest({ tools, output_config }: Record<string, any>, stream: boolean): Record<string, any> {
  const own = ((tools ?? []) as any[]).filter(tool => tool.input_schema !== undefined);
  const functions = own.map(({ name, description, input_schema: parameters }) => ({
    type: 'function',
    function: { name, description, parameters },
  }));
  const schema = output_config?.format?.schema;
  return {
    messages: [{ role: 'user', content: 'What did you say then?' }],
    ...(functions.length > 0 && { tools: functions }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}

/** Recorded questions for the number of tokens, with their answers. */
export function countExchanges(folder: string): { name: string; body: Record<string, any>; answer: unknown }[] {
  const files = readdirSync(join(folder, 'anthropic')).map(name => `anthropic/${name}`);
  return files.flatMap(file => {
    const { exchanges } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Stored;
    return exchanges.flatMap(({ request, response }, index) => {
      if (!request || new URL(request.url).pathname !== '/v1/messages/count_tokens') return [];
      return [{ name: `${file}#${index}`, body: request.body, answer: response.body }];
    });
  });
}
