import Anthropic from '@anthropic-ai/sdk';
import { type Chat, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import type { TestLazu } from './boot.js';

/** What is asked for, in no dialect. The one tool tells the weather of a `city`. */
export interface Asked {
  readonly model: string;
  readonly tools?: boolean;
  readonly thinks?: boolean;
  readonly schema?: Record<string, unknown>;
}

/** What a program got, in no dialect. */
export interface Heard {
  readonly text: string;
  readonly thought: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly tokens: readonly [input: number, output: number];
}

export interface Result {
  readonly id: string;
  readonly output: string;
}

/** A conversation by a vendor's own SDK, which keeps its history as that vendor's pages tell programs to. */
export interface Talk {
  say(text: string, options: { streamed: boolean; image?: string; leaves?: boolean }): Promise<Heard>;
  give(results: readonly Result[], streamed: boolean): Promise<Heard>;
}

export interface Sdk {
  readonly name: string;
  talk(lazu: TestLazu, asked: Asked): Talk;
  /** What it throws, as programs see it. */
  told(error: any): ToldError;
}

export interface ToldError {
  /** Its class. */
  readonly kind: string;
  readonly status: unknown;
  /** By contract §11. */
  readonly code: unknown;
  readonly message: string;
}

const WEATHER = { name: 'weather', description: 'The weather of a city' };
const CITY = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
const joined = (pieces: readonly (string | null | undefined)[]): string => pieces.map(piece => piece ?? '').join('');

class OpenAiTalk implements Talk {
  readonly #messages: OpenAI.ChatCompletionMessageParam[] = [];

  constructor(
    private readonly client: OpenAI,
    private readonly asked: Asked,
  ) {}

  say(text: string, { streamed, image, leaves = false }: Parameters<Talk['say']>[1]): Promise<Heard> {
    const url = `data:image/png;base64,${image}`;
    const parts: OpenAI.ChatCompletionContentPart[] = [
      { type: 'text', text },
      { type: 'image_url', image_url: { url } },
    ];
    this.#messages.push({ role: 'user', content: image === undefined ? text : parts });
    return this.#ask(streamed, leaves);
  }

  give(results: readonly Result[], streamed: boolean): Promise<Heard> {
    for (const { id, output } of results) this.#messages.push({ role: 'tool', tool_call_id: id, content: output });
    return this.#ask(streamed, false);
  }

  async #ask(streamed: boolean, leaves: boolean): Promise<Heard> {
    const { model, tools, thinks, schema } = this.asked;
    const request = {
      model,
      messages: this.#messages,
      ...(tools && { tools: [{ type: 'function' as const, function: { ...WEATHER, parameters: CITY } }] }),
      ...(thinks && { reasoning_effort: 'low' as const }),
      ...(schema && {
        response_format: { type: 'json_schema' as const, json_schema: { name: 'answer', strict: true, schema } },
      }),
    };
    let thought = '';
    let answer: OpenAI.ChatCompletion;
    if (streamed) {
      const stream = this.client.chat.completions.stream({ ...request, stream_options: { include_usage: true } });
      for await (const chunk of stream) {
        const delta = chunk.choices[0]?.delta as any;
        thought += delta?.reasoning_content ?? '';
        if (leaves && delta?.content) stream.abort();
      }
      answer = await stream.finalChatCompletion();
    } else {
      answer = await this.client.chat.completions.create(request);
      thought = (answer.choices[0]!.message as any).reasoning_content ?? '';
    }
    const { message } = answer.choices[0]!;
    // https://api-docs.deepseek.com/guides/thinking_mode: thoughts go back whole
    this.#messages.push({ ...message, ...(thought !== '' && { reasoning_content: thought }) });
    const calls = (message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
    return {
      ...{ text: message.content ?? '', thought },
      calls: calls.map(({ id, function: { name, arguments: json } }) => ({ id, name, input: JSON.parse(json) })),
      tokens: [answer.usage!.prompt_tokens, answer.usage!.completion_tokens],
    };
  }
}

class AnthropicTalk implements Talk {
  readonly #messages: Anthropic.MessageParam[] = [];

  constructor(
    private readonly client: Anthropic,
    private readonly asked: Asked,
  ) {}

  say(text: string, { streamed, image, leaves = false }: Parameters<Talk['say']>[1]): Promise<Heard> {
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data: image ?? '' };
    const parts: Anthropic.ContentBlockParam[] = [
      { type: 'text', text },
      { type: 'image', source },
    ];
    this.#messages.push({ role: 'user', content: image === undefined ? text : parts });
    return this.#ask(streamed, leaves);
  }

  give(results: readonly Result[], streamed: boolean): Promise<Heard> {
    const content = results.map(({ id, output }) => ({
      ...{ type: 'tool_result' as const, tool_use_id: id },
      content: output,
    }));
    this.#messages.push({ role: 'user', content });
    return this.#ask(streamed, false);
  }

  async #ask(streamed: boolean, leaves: boolean): Promise<Heard> {
    const { model, tools, thinks, schema } = this.asked;
    const request: Anthropic.MessageCreateParamsNonStreaming = {
      ...{ model, max_tokens: 8_000, messages: this.#messages },
      ...(tools && { tools: [{ ...WEATHER, input_schema: CITY }] }),
      ...(thinks && { thinking: { type: 'enabled', budget_tokens: 2_048 } }),
      ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
    };
    const stream = streamed ? this.client.messages.stream(request) : undefined;
    if (leaves) stream?.on('text', () => stream.abort());
    const message = stream ? await stream.finalMessage() : await this.client.messages.create(request);
    this.#messages.push({ role: 'assistant', content: message.content });
    const blocks = message.content as any[];
    const of = (type: string) => blocks.filter(block => block.type === type);
    return {
      text: joined(of('text').map(block => block.text)),
      thought: joined(of('thinking').map(block => block.thinking)),
      calls: of('tool_use').map(({ id, name, input }) => ({ id, name, input })),
      tokens: [message.usage.input_tokens, message.usage.output_tokens],
    };
  }
}

class GoogleTalk implements Talk {
  readonly #chat: Chat;
  readonly #stop = new AbortController();

  constructor(client: GoogleGenAI, { model, tools, thinks, schema }: Asked) {
    this.#chat = client.chats.create({
      model,
      config: {
        abortSignal: this.#stop.signal,
        ...(tools && { tools: [{ functionDeclarations: [{ ...WEATHER, parametersJsonSchema: CITY }] }] }),
        ...(thinks && { thinkingConfig: { includeThoughts: true, thinkingBudget: 2_048 }, maxOutputTokens: 8_000 }),
        ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
      },
    });
  }

  say(text: string, { streamed, image, leaves = false }: Parameters<Talk['say']>[1]): Promise<Heard> {
    const picture = { inlineData: { mimeType: 'image/png', data: image ?? '' } };
    return this.#ask(image === undefined ? text : [text, picture], streamed, leaves);
  }

  /** Names of functions are all that older programs have to tell calls apart. */
  give(results: readonly Result[], streamed: boolean): Promise<Heard> {
    const parts = results.map(({ id, output }) => ({
      functionResponse: { id, name: WEATHER.name, response: { output } },
    }));
    return this.#ask(parts, streamed, false);
  }

  async #ask(message: any, streamed: boolean, leaves: boolean): Promise<Heard> {
    const chunks: any[] = [];
    if (streamed) {
      for await (const chunk of await this.#chat.sendMessageStream({ message })) {
        chunks.push(chunk);
        if (leaves) this.#stop.abort();
      }
    } else chunks.push(await this.#chat.sendMessage({ message }));
    const parts = chunks.flatMap(chunk => chunk.candidates?.[0]?.content?.parts ?? []);
    const { promptTokenCount = 0, candidatesTokenCount = 0, thoughtsTokenCount = 0 } = chunks.at(-1).usageMetadata;
    return {
      text: joined(parts.filter(part => !part.thought).map(part => part.text)),
      thought: joined(parts.filter(part => part.thought).map(part => part.text)),
      calls: parts.flatMap(({ functionCall: call }) =>
        call ? { id: call.id, name: call.name, input: call.args } : [],
      ),
      tokens: [promptTokenCount, candidatesTokenCount + thoughtsTokenCount],
    };
  }
}

const toldBy =
  (codeIn: (error: any) => unknown): Sdk['told'] =>
  error => ({
    ...{ kind: error.constructor.name, status: error.status },
    ...{ code: codeIn(error), message: String(error.message) },
  });

/** The official SDK of every dialect that Lazu answers in. */
export const SDKS: readonly Sdk[] = [
  {
    name: 'openai',
    talk: ({ apiKey, url }, asked) =>
      new OpenAiTalk(new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 }), asked),
    told: toldBy(error => error.code),
  },
  {
    name: '@anthropic-ai/sdk',
    talk: ({ apiKey, url }, asked) => new AnthropicTalk(new Anthropic({ apiKey, baseURL: url, maxRetries: 0 }), asked),
    told: toldBy(error => error.error?.error?.code),
  },
  {
    name: '@google/genai',
    talk: ({ apiKey, url }, asked) => new GoogleTalk(new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } }), asked),
    // It knows no more than the text of the body.
    told: toldBy(error => /"code":\s*"(\w+)"/.exec(String(error.message))?.[1]),
  },
];
