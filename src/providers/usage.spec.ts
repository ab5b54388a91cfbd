import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readUsage } from '../protocols/openai-chat/usage.js';
import type { JsonObject } from '../protocols/protocol.js';
import { tokensOf, type Usage } from '../protocols/usage.js';
import { providerNamed, providers } from './index.js';

/** What came over the wire has no type. */
type Wire = ReturnType<typeof JSON.parse>;

/** As `dispatch` reads it: the protocol first, then what the provider spells in its own way. */
function usageOf(provider: string, raw: JsonObject): Usage {
  const read = readUsage(raw);
  return providerNamed(provider)?.readUsage?.(raw, read) ?? read;
}

describe('usage as each vendor reports it', () => {
  it('xai: reasoning is beside the completion', () => {
    const usage = usageOf('xai', {
      prompt_tokens: 12,
      completion_tokens: 2,
      total_tokens: 334,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 320 },
    });
    expect(usage.dimensions).toEqual({ input: 10, cache_read: 2, output: 322 });
    expect(usage.reasoningTokens).toBe(320);
  });

  it('xai: cached tokens that outnumber the prompt count as the prompt', () => {
    const usage = usageOf('xai', {
      prompt_tokens: 10,
      completion_tokens: 213,
      total_tokens: 223,
      prompt_tokens_details: { cached_tokens: 161 },
    });
    expect(usage.dimensions).toEqual({ cache_read: 10, output: 213 });
  });

  it('groq: what ran as flex costs what on-demand costs', () => {
    const ran = (tier: string) =>
      providerNamed('groq')?.readUsage?.({}, { dimensions: { input: 1 }, raw: {}, serviceTier: tier }).serviceTier;
    expect(['flex', 'on_demand', 'performance'].map(ran)).toEqual(['on_demand', 'on_demand', 'performance']);
  });

  it('mistral: audio is beside the prompt', () => {
    const usage = usageOf('mistral', {
      prompt_tokens: 9,
      completion_tokens: 248,
      total_tokens: 632,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 375 },
    });
    expect(usage.dimensions).toEqual({ input: 9, audio_input: 375, output: 248 });
  });

  it.each([
    ['deepseek', { prompt_cache_hit_tokens: 60, prompt_cache_miss_tokens: 40 }],
    ['deepseek', { prompt_cache_hit_tokens: 60, prompt_tokens_details: { cached_tokens: 60 } }],
    ['moonshot', { cached_tokens: 60 }],
    ['mistral', { num_cached_tokens: 60 }],
  ])('%s: cached tokens %j are inside the prompt, once', (provider, fields) => {
    const usage = usageOf(provider, { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105, ...fields });
    expect(usage.dimensions).toEqual({ input: 40, cache_read: 60, output: 5 });
  });

  it('perplexity: a fee per request, or searches, citations and reasoning beside the total', () => {
    const tokens = { prompt_tokens: 11, completion_tokens: 62, total_tokens: 73 };
    expect(usageOf('perplexity', { ...tokens, search_context_size: 'low' }).dimensions).toEqual({
      input: 11,
      output: 62,
      requests: 1,
    });
    const deep = { ...tokens, citation_tokens: 100, reasoning_tokens: 500, num_search_queries: 18 };
    const usage = usageOf('perplexity', { ...deep, search_context_size: 'low' });
    expect(usage.dimensions).toEqual({ input: 111, output: 562, tool_web_search: 18 });
    expect(usage.reasoningTokens).toBe(500);
    expect(tokensOf(usage)).toBe(usage.totalTokens);
  });

  it('openrouter: searches that it ran', () => {
    const tokens = { prompt_tokens: 16924, completion_tokens: 485, total_tokens: 17409 };
    const usage = usageOf('openrouter', { ...tokens, server_tool_use_details: { web_search_requests: 3 } });
    expect(usage.dimensions).toEqual({ input: 16924, output: 485, tool_web_search: 3 });
  });
});

const RECORDINGS = process.env.RECORDINGS_DIR ?? join(process.cwd(), '../shared/recordings');
const required = process.env.LAZU_TEST_REQUIRE === 'all';
const recorded = providers.filter(
  ({ name, protocols }) => protocols.includes('openai-chat') && existsSync(join(RECORDINGS, name)),
);

(required || recorded.length > 0 ? describe : describe.skip)(`usage in the recordings (${RECORDINGS})`, () => {
  it('are there', () => expect(recorded.length).toBeGreaterThan(5));

  it.each(recorded.map(({ name }) => name))('%s: the dimensions sum to the total that the vendor states', name => {
    const found = usagesIn(join(RECORDINGS, name));
    expect(found.length).toBeGreaterThan(0);
    for (const { file, raw } of found) {
      const usage = usageOf(name, raw);
      expect({ file, sum: tokensOf(usage) }).toEqual({ file, sum: usage.totalTokens });
    }
  });
});

/** Every usage object of a chat completion, whole or in the last frame of a stream that has one. */
function usagesIn(folder: string): { file: string; raw: JsonObject }[] {
  return readdirSync(folder).flatMap(file => {
    const recording = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return recording.exchanges.flatMap(({ response }: Wire) => {
      const raw = typeof response.body === 'string' ? lastFrameUsage(response.body) : chatUsage(response.body);
      return raw ? [{ file, raw }] : [];
    });
  });
}

function lastFrameUsage(body: string): JsonObject | undefined {
  const frames = body.split('\n').filter(line => line.startsWith('data: {'));
  const usages = frames.flatMap((frame): JsonObject[] => {
    try {
      const usage = chatUsage(JSON.parse(frame.slice('data: '.length)));
      return usage ? [usage] : [];
    } catch {
      return [];
    }
  });
  return usages.at(-1);
}

function chatUsage(value: Wire): JsonObject | undefined {
  const usage = Array.isArray(value?.choices) ? value.usage : undefined;
  return typeof usage?.prompt_tokens === 'number' ? (usage as JsonObject) : undefined;
}
