import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import type { TestLazu } from '../../support/boot.js';
import { anthropicExchanges } from './anthropic-exchange.js';
import { readWithAnthropic } from './anthropic-judge.js';
import { type BedrockExchange, bedrockExchanges } from './bedrock-exchange.js';
import { bedrockClient, readWithAws, unwrapWithAws } from './bedrock-judge.js';
import { finishOf, type Heard } from './callers.js';
import { Channels, PRICES } from './channels.js';
import { cohereExchanges } from './cohere-exchange.js';
import { readCohere } from './cohere-judge.js';
import { type Exchange, recordedExchanges } from './exchange.js';
import { closed } from './expected.js';
import { geminiExchanges } from './gemini-exchange.js';
import { readWithGemini } from './gemini-judge.js';
import { readWithSdk } from './judge.js';
import type { ReplayServer } from './replay-server.js';
import { responsesExchanges } from './responses-exchange.js';
import { readWithResponses } from './responses-judge.js';

/** What the vendor's own SDK makes of a recorded answer, in no dialect. */
export interface Truth extends Heard {
  /** By contract §13; undefined where clones of one protocol count in ways of their own: then all callers must be charged the same. */
  readonly dimensions: Readonly<Record<string, number>> | undefined;
}

/** The recordings of one upstream protocol, and who can say what they mean. */
export interface Source {
  readonly upstream: string;
  /** Whose callers are passed its bytes. */
  readonly dialect?: string;
  readonly exchanges: readonly Exchange[];
  /** The operator's part. @returns the model that reaches this exchange's upstream */
  setUp(lazu: TestLazu, replayUrl: string): Promise<(exchange: Exchange) => string>;
  /** Of the exchange that is being played. @throws as the SDK does */
  truth(exchange: Exchange, replay: ReplayServer): Promise<Truth>;
}

interface Told {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly name: string; readonly input: unknown }[];
  readonly finishReason: string;
  readonly dimensions: Readonly<Record<string, number>>;
}

const truthOf = ({ content, reasoning, toolCalls, finishReason: finish, dimensions }: Told): Truth => ({
  ...{ content, reasoning, finish: finishOf(finish, toolCalls), dimensions },
  toolCalls: toolCalls.map(({ name, input }) => ({ name, input })),
});

/** One model on one channel, which speaks one protocol. */
async function oneChannel(
  lazu: TestLazu,
  {
    model,
    upstreamModel = model,
    ...channel
  }: { model: string; upstreamModel?: string; provider: string } & Record<string, unknown>,
): Promise<() => string> {
  const path = `/api/admin/models/${model}`;
  await lazu.admin('PUT', path, { vendor_id: 'recorded', supported_endpoint_types: ['chat'] });
  await lazu.admin('PUT', `${path}/prices/direct`, PRICES);
  await lazu.admin('POST', '/api/admin/channels', {
    ...{ name: model, lane: 'direct', credential: 'the-operators-key', ...channel },
    models: [{ model, upstream_model: upstreamModel }],
  });
  return () => model;
}

/** Answers to several questions, or in OpenAI's outdated form of functions, are no other dialect's. */
const isForAll = ({ request }: Exchange): boolean => request['functions'] === undefined;

function openAiChat(recordings: string): Source {
  const exchanges = recordedExchanges(recordings).filter(isForAll);
  return {
    ...{ upstream: 'OpenAI chat', dialect: 'OpenAI chat' },
    exchanges,
    async setUp(lazu, replayUrl) {
      const channels = await Channels.create(lazu, replayUrl, exchanges, { protocol: 'openai-chat' });
      return exchange => channels.modelFor(exchange);
    },
    async truth({ streamed, bytes, headers, request }) {
      // The SDK overlooks a last frame without a blank line behind it.
      const whole = streamed ? Buffer.from(closed(bytes.toString())) : bytes;
      const fetch = () => Promise.resolve(new Response(new Uint8Array(whole), { headers: { ...headers } }));
      const judge = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch });
      const { choices, error } = await readWithSdk(judge, { ...request, stream: streamed });
      if (error) throw new Error(`the recorded answer is an error: ${String(error.code)}`);
      const { content, reasoning, refusal, toolCalls, finishReason } = choices!.find(({ index }) => index === 0)!;
      const calls = toolCalls.map(({ name, input }) => ({ name, input: input === '' ? {} : input }));
      const ended = finishReason === 'length' || finishReason === 'content_filter' ? finishReason : 'stop';
      return {
        content: Array.isArray(content) ? String(content[0]) : String((content as string | null) ?? ''),
        reasoning,
        toolCalls: calls,
        finish: refusal !== '' ? 'content_filter' : finishOf(ended, calls),
        dimensions: undefined,
      };
    },
  };
}

function anthropicMessages(recordings: string): Source {
  return {
    ...{ upstream: 'Anthropic Messages', dialect: 'Anthropic Messages' },
    exchanges: anthropicExchanges(recordings),
    setUp: (lazu, base_url) =>
      oneChannel(lazu, {
        model: 'recorded-claude',
        provider: 'anthropic',
        base_url,
        upstreamModel: 'claude-sonnet-4-5',
      }),
    truth: async ({ streamed }, { url }) =>
      truthOf(await readWithAnthropic(new Anthropic({ apiKey: 'none', baseURL: url, maxRetries: 0 }), streamed)),
  };
}

function openAiResponses(recordings: string): Source {
  return {
    upstream: 'OpenAI Responses',
    exchanges: responsesExchanges(recordings),
    setUp: (lazu, base_url) =>
      oneChannel(lazu, {
        model: 'recorded-responses',
        provider: 'openai',
        base_url,
        options: { protocol: 'openai-responses' },
      }),
    truth: async ({ streamed }, { url }) =>
      truthOf(await readWithResponses(new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0 }), streamed)),
  };
}

function gemini(recordings: string): Source {
  return {
    ...{ upstream: 'Gemini', dialect: 'Gemini' },
    exchanges: [...geminiExchanges(recordings, 'gemini'), ...geminiExchanges(recordings, 'vertex')],
    setUp: (lazu, url) =>
      oneChannel(lazu, {
        model: 'recorded-gemini',
        provider: 'gemini',
        base_url: url,
        upstreamModel: 'gemini-2.5-flash',
      }),
    truth: async ({ streamed }, { url: baseUrl }) =>
      truthOf(await readWithGemini(new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl } }), streamed)),
  };
}

function bedrock(recordings: string, api: BedrockExchange['api']): Source {
  const protocol = api === 'invoke' ? 'anthropic-messages' : 'bedrock-converse';
  const upstreamModel = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
  return {
    upstream: api === 'invoke' ? 'Anthropic on Bedrock' : 'Bedrock Converse',
    ...(api === 'invoke' && { dialect: 'Anthropic Messages' }),
    exchanges: bedrockExchanges(recordings).chats.filter(exchange => exchange.api === api),
    setUp: (lazu, base_url) =>
      oneChannel(lazu, {
        model: `recorded-${api}`,
        provider: 'bedrock',
        base_url,
        upstreamModel,
        options: { protocol },
      }),
    async truth({ streamed }, { url }) {
      const aws = bedrockClient(url);
      try {
        if (api === 'converse') return truthOf(await readWithAws(aws, streamed));
        const bytes = new Uint8Array(await unwrapWithAws(aws, streamed));
        const headers = { 'content-type': streamed ? 'text/event-stream' : 'application/json' };
        const fetch = () => Promise.resolve(new Response(bytes, { headers }));
        return truthOf(await readWithAnthropic(new Anthropic({ apiKey: 'none', fetch, maxRetries: 0 }), streamed));
      } finally {
        aws.destroy();
      }
    },
  };
}

function cohere(recordings: string): Source {
  return {
    upstream: 'Cohere',
    exchanges: cohereExchanges(recordings),
    setUp: (lazu, base_url) =>
      oneChannel(lazu, { model: 'recorded-cohere', provider: 'cohere', base_url, upstreamModel: 'command-a-plus' }),
    truth: async ({ streamed }, { url }) => truthOf(await readCohere(url, streamed)),
  };
}

export const sourcesIn = (recordings: string): Source[] => [
  openAiChat(recordings),
  openAiResponses(recordings),
  anthropicMessages(recordings),
  gemini(recordings),
  bedrock(recordings, 'converse'),
  bedrock(recordings, 'invoke'),
  cohere(recordings),
];
