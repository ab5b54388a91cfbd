import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import type { TestLazu } from '../../support/boot.js';
import { readingOf } from './gemini-judge.js';
import { readWithSdk } from './judge.js';

/** What is asked for, in no dialect: the answer is what is judged. */
export interface Asked {
  readonly model: string;
  readonly stream: boolean;
  readonly tools: readonly { readonly name: string; readonly description?: string; readonly schema?: any }[];
  readonly schema: any;
}

/** What a program got, in no dialect. */
export interface Heard {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly name: string; readonly input: unknown }[];
  readonly finish: string;
}

/** What a program is told that it cost: cached tokens are part of the input. */
export interface Told {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** What the SDK threw. */
export interface Refusal {
  readonly refused: { readonly status: number | undefined; readonly code: unknown };
}

/** A client of one dialect, which is its vendor's own SDK. */
export interface Caller {
  readonly dialect: string;
  ask(asked: Asked): Promise<Answered | Refusal>;
}

export type Answered = Heard & { readonly told: Told };

const QUESTION = 'What did you say then?';

export function callersOf({ apiKey, url, openai }: TestLazu): Caller[] {
  const anthropic = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 });
  const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
  return [
    { dialect: 'OpenAI chat', ask: asked => askOpenAi(openai, asked) },
    { dialect: 'Anthropic Messages', ask: asked => caught(askAnthropic(anthropic, asked), anthropicRefusal) },
    { dialect: 'Gemini', ask: asked => caught(askGoogle(google, asked), googleRefusal) },
  ];
}

async function askOpenAi(client: OpenAI, { model, stream, tools, schema }: Asked): Promise<Answered | Refusal> {
  const read = await readWithSdk(client, {
    model,
    messages: [{ role: 'user', content: QUESTION }],
    ...(tools.length > 0 && {
      tools: tools.map(({ schema: parameters, ...tool }) => ({
        type: 'function',
        function: { ...tool, parameters },
      })),
    }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  });
  if (read.error) return { refused: { status: read.error.status, code: read.error.code } };
  const { content, reasoningContent, refusal, toolCalls, finishReason } = read.choices![0]!;
  const usage = read.usage as OpenAI.CompletionUsage | undefined;
  return {
    content: (content as string | null) ?? '',
    reasoning: reasoningContent,
    toolCalls: toolCalls.map(({ name, input }) => ({ name, input: input === '' ? {} : input })),
    finish: refusal !== '' ? 'content_filter' : finishOf(finishReason ?? '', toolCalls),
    told: {
      input: usage?.prompt_tokens ?? 0,
      cached: usage?.prompt_tokens_details?.cached_tokens ?? 0,
      output: usage?.completion_tokens ?? 0,
    },
  };
}

const ANTHROPIC_FINISH: Readonly<Record<string, string>> = {
  ...{ end_turn: 'stop', stop_sequence: 'stop', pause_turn: 'stop', tool_use: 'tool_calls', max_tokens: 'length' },
  refusal: 'content_filter',
};

async function askAnthropic(client: Anthropic, { model, stream, tools, schema }: Asked): Promise<Answered> {
  const request = {
    model,
    max_tokens: 4_096,
    messages: [{ role: 'user' as const, content: QUESTION }],
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, schema: input }) => ({
        name,
        description,
        input_schema: { ...input, type: 'object' as const },
      })),
    }),
    ...(schema && { output_config: { format: { type: 'json_schema' as const, schema } } }),
  };
  const message = stream ? await client.messages.stream(request).finalMessage() : await client.messages.create(request);
  const blocks = message.content as any[];
  const joined = (type: string, field: string) =>
    blocks
      .filter(block => block.type === type)
      .map(block => block[field] as string)
      .join('');
  const toolCalls = blocks.filter(({ type }) => type === 'tool_use').map(({ name, input }) => ({ name, input }));
  const cached = message.usage.cache_read_input_tokens ?? 0;
  const finish = ANTHROPIC_FINISH[message.stop_reason ?? ''] ?? String(message.stop_reason);
  return {
    content: joined('text', 'text'),
    reasoning: joined('thinking', 'thinking'),
    toolCalls,
    finish: finishOf(finish, toolCalls),
    told: {
      input: message.usage.input_tokens + cached + (message.usage.cache_creation_input_tokens ?? 0),
      ...{ cached, output: message.usage.output_tokens },
    },
  };
}

async function askGoogle(client: GoogleGenAI, { model, stream, tools, schema }: Asked): Promise<Answered> {
  const functionDeclarations = tools.map(({ name, description, schema: parametersJsonSchema }) => ({
    name,
    description,
    parametersJsonSchema,
  }));
  const request = {
    model,
    contents: QUESTION,
    config: {
      thinkingConfig: { includeThoughts: true }, // Gemini keeps them to itself otherwise
      ...(tools.length > 0 && { tools: [{ functionDeclarations }] }),
      ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
    },
  };
  const chunks: any[] = [];
  if (stream) for await (const chunk of await client.models.generateContentStream(request)) chunks.push(chunk);
  else chunks.push(await client.models.generateContent(request));
  const { content, reasoning, toolCalls, finishReason } = readingOf(chunks);
  const calls = toolCalls.map(({ name, input }) => ({ name, input }));
  const usage: any = Object.assign({}, ...chunks.map(chunk => chunk.usageMetadata ?? {}));
  return {
    ...{ content, reasoning, toolCalls: calls, finish: finishOf(finishReason, calls) },
    told: {
      input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
      cached: usage.cachedContentTokenCount ?? 0,
      output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
    },
  };
}

/** Some vendors say that an answer just ended when it ended in calls. */
export const finishOf = (finish: string, toolCalls: readonly unknown[]): string =>
  finish === 'stop' && toolCalls.length > 0 ? 'tool_calls' : finish;

async function caught(asking: Promise<Answered>, refusalOf: (error: any) => Refusal): Promise<Answered | Refusal> {
  try {
    return await asking;
  } catch (error) {
    return refusalOf(error);
  }
}

/** The envelope of contract §8 is Anthropic's, with our own words in it. @throws what is no answer of Lazu's */
function anthropicRefusal(error: unknown): Refusal {
  if (!(error instanceof Anthropic.APIError)) throw error;
  return { refused: { status: error.status, code: error.error?.error?.code } };
}

/** Google's SDK says no more than the text of the body. */
function googleRefusal(error: any): Refusal {
  const body = /\{[\s\S]*\}/.exec(String(error?.message))?.[0];
  if (body === undefined) throw error;
  const told = JSON.parse(body).error ?? {};
  const ours = ((told.details ?? []) as any[]).find(detail => detail.metadata) ?? {};
  return { refused: { status: told.code, code: ours.metadata?.code } };
}
