import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exchange } from './exchange.js';

interface Stored {
  readonly exchanges: readonly {
    readonly request: { readonly url: string; readonly body: Record<string, any> | null } | null;
    readonly response: {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body_kind: 'json' | 'text' | 'base64';
      readonly body: unknown;
    };
  }[];
}

/** An exchange of a chat with Bedrock, by Converse or, for Claude, by Anthropic's messages. */
export interface BedrockExchange extends Exchange {
  readonly api: 'converse' | 'invoke';
  /** As the recorded client sent it. */
  readonly sentBody: Readonly<Record<string, any>> | null;
}

/** What was invoked in a form of its own that is no chat of Lazu's: by model, and by what only that form has in its body. */
export const NOT_CHAT: readonly { readonly model: RegExp; readonly field: string; readonly why: string }[] = [
  { model: /titan-embed|nova-2-multimodal-embeddings/, field: '', why: 'embeddings' },
  { model: /amazon\.titan-text/, field: 'inputText', why: "Titan's own form of text completion" },
  { model: /amazon\.nova/, field: 'inferenceConfig', why: "Nova's own form of what it is asked by Converse for" },
  { model: /anthropic\.claude-v2/, field: 'prompt', why: 'text completion, before there were messages' },
  { model: /meta\.llama/, field: 'prompt', why: "Llama's own form of text completion" },
  { model: /cohere\.command-r/, field: 'message', why: "Cohere's own form of chat" },
  { model: /cohere\.command/, field: 'prompt', why: "Cohere's own form of text completion" },
  { model: /sagemaker/, field: 'prompt', why: 'text completion by an imported model' },
];

/** Every recorded exchange of Bedrock; `request` is the chat request that stands for the recorded one. */
export function bedrockExchanges(folder: string): { chats: BedrockExchange[]; others: string[] } {
  const chats: BedrockExchange[] = [];
  const others: string[] = [];
  for (const file of readdirSync(join(folder, 'bedrock')).map(name => `bedrock/${name}`)) {
    const { exchanges } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Stored;
    exchanges.forEach(({ request, response }, index) => {
      const { status, headers, body_kind: kind, body } = response;
      const name = `${file}#${index}`;
      const [, model = '', operation = 'converse'] = /\/model\/([^/]+)\/([^/?]+)/.exec(request?.url ?? '') ?? [];
      const api = operation.startsWith('converse') ? 'converse' : 'invoke';
      const other = NOT_CHAT.find(one => one.model.test(model) && (one.field === '' || request?.body?.[one.field]));
      if (api === 'invoke' && other) return void others.push(name);
      const streamed = headers['content-type'] === 'application/vnd.amazon.eventstream';
      chats.push({
        ...{ name, provider: 'bedrock', url: request?.url, api, status, headers, streamed },
        sentBody: request?.body ?? null,
        request: chatRequest(request?.body ?? {}, operation.endsWith('stream')),
        bytes: kind === 'base64' ? Buffer.from(body as string, 'base64') : Buffer.from(JSON.stringify(body)),
      });
    });
  }
  return { chats, others };
}

/** The recording's tools, schema and stream flag, in OpenAI's dialect: the answer is what is judged. */
function chatRequest({ toolConfig, tools, outputConfig }: Record<string, any>, stream: boolean): Record<string, any> {
  const specs = ((toolConfig?.tools ?? []) as any[]).flatMap(({ toolSpec }) => toolSpec ?? []);
  const functions = [
    ...specs.map(({ name, description, inputSchema }) => ({ name, description, parameters: inputSchema.json })),
    ...((tools ?? []) as any[]).map(({ name, description, input_schema: parameters }) => ({
      name,
      description,
      parameters,
    })),
  ];
  const format = outputConfig?.textFormat?.structure.jsonSchema;
  const schema = format && { name: format.name ?? 'answer', schema: JSON.parse(format.schema) };
  return {
    messages: [{ role: 'user', content: 'What did you say then?' }],
    ...(functions.length > 0 && { tools: functions.map(one => ({ type: 'function', function: one })) }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: schema } }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}
