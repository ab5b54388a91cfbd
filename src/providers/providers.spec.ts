import { readdirSync, readFileSync } from 'node:fs';
import type { JsonObject } from '../protocols/protocol.js';
import { waysOf } from './environment.js';
import { REASONING_FIELDS } from '../protocols/openai-chat/read-pieces.js';
import { providerNamed, providers } from './index.js';
import type { Outgoing, Provider } from './provider.js';
import { buildRequest } from './request.js';

const SEED = new URL('../../prisma/seed/', import.meta.url);

interface SeedFile {
  readonly vendor: { readonly id: string };
  readonly models: readonly { readonly name: string }[];
}

const seed = readdirSync(SEED)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(readFileSync(new URL(name, SEED), 'utf8')) as SeedFile)
  .filter(file => file.vendor !== undefined);

const messages = [{ role: 'user', content: 'hi' }];

function sent(name: string, fields: JsonObject, model = 'some-model', options: JsonObject = {}) {
  const provider = providerNamed(name) as Provider;
  const body: JsonObject = { model, messages, ...fields };
  const outgoing: Outgoing = {
    protocol: 'openai-chat',
    endpoint: 'chat',
    model: (fields.upstream as string | undefined) ?? model,
    stream: fields.stream === true,
    channel: { id: 'c', baseUrl: provider.baseUrl ?? 'https://host.example', credential: 'key', options },
  };
  delete body.upstream;
  const raw = Buffer.from(JSON.stringify(body));
  const before = raw.toString();
  const { request, dropped } = buildRequest(provider, outgoing, body, raw, { askUsage: true, headers: {} });
  expect(JSON.stringify(body)).toBe(before);
  return { request, dropped, body: JSON.parse(Buffer.from(request.body ?? []).toString()) as JsonObject };
}

const refused = (param: string) => expect.objectContaining({ code: 'unsupported_parameter', param }) as Error;

describe('the list of providers', () => {
  it('puts reasoning where translated answers look for it', () => {
    const fields = providers.flatMap(({ reasoningField }) => reasoningField ?? []);
    expect(fields.filter(field => !REASONING_FIELDS.some(known => known === field))).toEqual([]);
  });

  it('has every provider of the contract that is built, each name once', () => {
    const names = providers.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.sort()).toEqual(
      (
        'anthropic azure-openai bedrock cerebras cloudflare cohere deepseek fireworks gemini groq mistral moonshot ollama openai openai-compatible ' +
        'openrouter perplexity sandbox together vertex xai'
      ).split(' '),
    );
  });

  it.each(providers.map(provider => [provider.name, provider] as const))(
    '%s knows only catalog names',
    (_, provider) => {
      const vendors = seed.map(({ vendor }) => vendor.id);
      const known = new Set(seed.flatMap(({ models }) => models.map(({ name }) => name)));
      for (const { serves: said } of waysOf(provider)) {
        const serves = typeof said === 'function' ? said({}) : said;
        if ('vendors' in serves) expect(serves.vendors.filter(vendor => !vendors.includes(vendor))).toEqual([]);
        else expect(Object.keys(serves.models).filter(name => !known.has(name))).toEqual([]);
      }
    },
  );

  it.each(providers.map(provider => [provider.name, provider] as const))(
    '%s refuses, drops and renames different fields',
    (_, { refuses, drops, renames }) => {
      const all = [...refuses, ...drops, ...Object.keys(renames)];
      expect(new Set(all).size).toBe(all.length);
    },
  );
});

describe('openai', () => {
  it('gives reasoning models max_completion_tokens, and leaves older ones alone', () => {
    expect(sent('openai', { max_tokens: 9 }, 'o3-mini').body).toMatchObject({ max_completion_tokens: 9 });
    expect(sent('openai', { max_tokens: 9 }, 'gpt-5').body).not.toHaveProperty('max_tokens');
    expect(sent('openai', { max_tokens: 9 }, 'gpt-4o').body).toEqual({ model: 'gpt-4o', messages, max_tokens: 9 });
  });
});

describe('deepseek', () => {
  it('keeps the names without thinking without thinking', () => {
    const chat = sent('deepseek', { upstream: 'deepseek-flash' }, 'deepseek-chat').body;
    expect(chat).toEqual({ model: 'deepseek-flash', messages, thinking: { type: 'disabled' } });
    expect(sent('deepseek', { upstream: 'deepseek-flash' }, 'deepseek-reasoner').body).not.toHaveProperty('thinking');
    expect(sent('deepseek', { reasoning_effort: 'none' }).body).toMatchObject({ thinking: { type: 'disabled' } });
    expect(sent('deepseek', { reasoning_effort: 'high' }, 'deepseek-chat').body).not.toHaveProperty('thinking');
  });

  it('refuses json_schema, renames max_completion_tokens, knows no role developer', () => {
    const format = { type: 'json_schema', json_schema: { name: 'x', schema: {} } };
    expect(() => sent('deepseek', { response_format: format })).toThrow(refused('response_format'));
    const { body, dropped } = sent('deepseek', {
      max_completion_tokens: 5,
      seed: 1,
      messages: [{ role: 'developer', content: 'x' }],
    });
    expect(body).toEqual({ model: 'some-model', messages: [{ role: 'system', content: 'x' }], max_tokens: 5 });
    expect(dropped).toEqual(['seed']);
  });
});

describe('moonshot', () => {
  it('clamps temperature on older models and leaves sampling out on newer ones', () => {
    expect(sent('moonshot', { temperature: 1.7 }, 'kimi-k2-0905-preview')).toMatchObject({
      body: { temperature: 1 },
      dropped: ['temperature'],
    });
    const { body, dropped } = sent('moonshot', { temperature: 0.2, top_p: 1 }, 'kimi-k3');
    expect(body).toEqual({ model: 'kimi-k3', messages });
    expect(dropped).toEqual(['temperature']);
  });

  it('refuses tools that Moonshot runs itself', () => {
    const tools = [{ type: 'builtin_function', function: { name: '$web_search' } }];
    expect(() => sent('moonshot', { tools })).toThrow(refused('tools.0.type'));
  });
});

describe('xai', () => {
  it('drops penalties everywhere, refuses stop where the model reasons', () => {
    expect(sent('xai', { presence_penalty: 1, frequency_penalty: 0 }, 'grok-3').dropped).toEqual(['presence_penalty']);
    expect(() => sent('xai', { stop: ['x'] }, 'grok-4.3')).toThrow(refused('stop'));
    expect(sent('xai', { stop: ['x'] }, 'grok-4-1-fast-non-reasoning').body).toMatchObject({ stop: ['x'] });
  });

  it.each([
    ['grok-4.3', true],
    ['grok-3-mini', true],
    ['grok-4.7', true],
    ['grok-3', false],
    ['grok-4-0709', false],
    ['grok-4-1-fast-reasoning', false],
    ['grok-4.20-0309-reasoning', false],
    ['grok-code-fast-1', false],
  ])('%s takes reasoning_effort: %s', (model, takes) => {
    const { body, dropped } = sent('xai', { reasoning_effort: 'high' }, model);
    expect('reasoning_effort' in body).toBe(takes);
    expect(dropped).toEqual(takes ? [] : ['reasoning_effort']);
  });
});

describe('mistral', () => {
  it('writes what the closed schema knows and nothing else', () => {
    const echoed = { role: 'assistant', content: 'a', refusal: null, annotations: [], reasoning_content: 'r' };
    const { body, dropped } = sent('mistral', {
      stream: true,
      stream_options: { include_usage: true },
      seed: 4,
      max_completion_tokens: 7,
      temperature: 2,
      user: 'u',
      reasoning_effort: 'medium',
      messages: [{ role: 'developer', content: 's' }, { role: 'user', content: 'hi', name: 'ann' }, echoed],
    });
    expect(body).toEqual({
      model: 'some-model',
      stream: true,
      random_seed: 4,
      max_tokens: 7,
      temperature: 1.5,
      reasoning_effort: 'high',
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'a' },
      ],
    });
    expect(dropped.sort()).toEqual(
      ['messages.name', 'messages.reasoning_content', 'reasoning_effort', 'temperature', 'user'].sort(),
    );
  });

  it('calls calls of other vendors by names that it takes', () => {
    const calls = (...ids: string[]) =>
      ids.map(id => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }));
    const { body } = sent('mistral', {
      messages: [
        { role: 'assistant', content: null, tool_calls: calls('toolu_01ABC', 'abcDEF123') },
        { role: 'tool', tool_call_id: 'toolu_01ABC', content: '1' },
        { role: 'tool', tool_call_id: 'abcDEF123', content: '2' },
      ],
    });
    const [asked, first, second] = body.messages as any[];
    expect(asked.tool_calls[0].id).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect([first.tool_call_id, second.tool_call_id]).toEqual(asked.tool_calls.map(({ id }: any) => id));
    expect(second.tool_call_id).toBe('abcDEF123');
  });

  it('takes inline files as documents', () => {
    const text = { type: 'text', text: 'What is it?' };
    const file = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } };
    const { body, dropped } = sent('mistral', { messages: [{ role: 'user', content: [text, file] }] });
    const document = { type: 'document_url', document_url: file.file.file_data, document_name: 'a.pdf' };
    expect(body.messages).toEqual([{ role: 'user', content: [text, document] }]);
    expect(dropped).toEqual([]);
  });

  it('refuses what the answer would miss', () => {
    expect(() => sent('mistral', { logprobs: true })).toThrow(refused('logprobs'));
  });
});

describe('groq', () => {
  it.each(['logprobs', 'logit_bias', 'top_logprobs'])('refuses %s', field => {
    expect(() => sent('groq', { [field]: field === 'logit_bias' ? { 5: 1 } : 3 })).toThrow(refused(field));
  });

  it('asks for one answer, without names, in a tier that it has', () => {
    const named = [{ role: 'user', content: 'hi', name: 'ann' }];
    const { body, dropped } = sent('groq', { n: 3, service_tier: 'priority', messages: named });
    expect(body).toEqual({ model: 'some-model', messages, n: 1 });
    expect(dropped).toEqual(['service_tier', 'messages.name']);
    expect(sent('groq', { service_tier: 'flex' }).body).toMatchObject({ service_tier: 'flex' });
  });
});

describe('openrouter', () => {
  it.each(['models', 'provider', 'plugins', 'route', 'preset'])('refuses %s, which would change the price', field => {
    expect(() => sent('openrouter', { [field]: ['x'] })).toThrow(refused(field));
  });

  it('refuses tools that it runs itself', () => {
    expect(() => sent('openrouter', { tools: [{ type: 'openrouter:web_search' }] })).toThrow(refused('tools.0.type'));
  });
});

describe('together, cerebras, perplexity, ollama, cloudflare', () => {
  it('together takes stop as a list', () => {
    expect(sent('together', { stop: 'x' }).body).toMatchObject({ stop: ['x'] });
  });

  it('cerebras gets neither penalties nor the role developer', () => {
    const { body, dropped } = sent('cerebras', {
      presence_penalty: 1,
      messages: [{ role: 'developer', content: 'x' }],
    });
    expect(body).toEqual({ model: 'some-model', messages: [{ role: 'system', content: 'x' }] });
    expect(dropped).toEqual(['presence_penalty']);
  });

  it('perplexity refuses tools and json_object', () => {
    expect(() => sent('perplexity', { tools: [{ type: 'function' }] })).toThrow(refused('tools'));
    expect(() => sent('perplexity', { response_format: { type: 'json_object' } })).toThrow(refused('response_format'));
    expect(sent('perplexity', { tools: [], tool_choice: 'auto' }).body).toEqual({ model: 'some-model', messages });
  });

  it('ollama does without tool_choice where the meaning stays', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(sent('ollama', { tools, tool_choice: 'auto' }).body).toEqual({ model: 'some-model', messages, tools });
    expect(sent('ollama', { tools, tool_choice: 'none' }).body).toEqual({ model: 'some-model', messages });
    expect(() => sent('ollama', { tools, tool_choice: 'required' })).toThrow(refused('tool_choice'));
  });

  it('cloudflare gives Llama the older name of the limit', () => {
    const fields = { max_completion_tokens: 3 };
    expect(sent('cloudflare', fields, '@cf/meta/llama-4-scout-17b-16e-instruct').body).toMatchObject({ max_tokens: 3 });
    expect(sent('cloudflare', fields, '@cf/openai/gpt-oss-120b').body).toMatchObject(fields);
  });
});

describe('azure-openai', () => {
  it.each([
    [{}, 'https://host.example/openai/v1/chat/completions'],
    [{ api_version: 'preview' }, 'https://host.example/openai/v1/chat/completions?api-version=preview'],
    [
      { api: 'deployments', api_version: '2024-10-21' },
      'https://host.example/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
    ],
    [{ api: 'models' }, 'https://host.example/models/chat/completions?api-version=2024-05-01-preview'],
  ])('%j goes to %s, with an api-key', (options, url) => {
    const { request } = sent('azure-openai', {}, 'my gpt', options);
    expect(request.url.href).toBe(url);
    expect(request.headers['api-key']).toBe('key');
    expect(request.headers.authorization).toBeUndefined();
  });

  it.each([
    [undefined, {}, /base_url/],
    ['https://r.openai.azure.com/openai/v1', {}, /leave the path out/],
    ['https://r.openai.azure.com', { api: 'v9' }, /options\.api: must be one of/],
    ['https://r.openai.azure.com', { api: 'deployments' }, /options\.api_version/],
  ])('says what is wrong with %s %j', (baseUrl, options, message) => {
    const check = providerNamed('azure-openai')?.checkChannel;
    expect(check?.({ id: 'c', baseUrl, credential: 'k', options })).toMatch(message);
  });

  it('takes a good channel', () => {
    const channel = { id: 'c', baseUrl: 'https://r.openai.azure.com', credential: 'k', options: {} };
    expect(providerNamed('azure-openai')?.checkChannel?.(channel)).toBeUndefined();
  });
});
