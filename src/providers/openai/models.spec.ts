import { azureOpenai } from '../azure-openai/index.js';
import type { Outgoing } from '../provider.js';
import { openai } from './index.js';
import { mustTranslate, protocolsFor, withoutSummary } from './models.js';

const BOTH = { chat: ['openai-chat', 'openai-responses'], responses: ['openai-responses', 'openai-chat'] };

describe('what a model of OpenAI can do, by its name', () => {
  it.each([
    ['gpt-3.5-turbo', 'none', ''],
    ['gpt-4.1-mini', 'none', ''],
    ['ft:gpt-4o-mini-2024-07-18:me', 'none', ''],
    ['gpt-5-chat-latest', 'none', ''],
    ['chat-latest', 'always', 'medium'],
    ['o1-2024-12-17', 'always', 'low medium high'],
    ['o4-mini', 'always', 'low medium high'],
    ['gpt-5', 'always', 'minimal low medium high'],
    ['gpt-5-mini-2025-08-07', 'always', 'minimal low medium high'],
    ['gpt-5-pro', 'always', 'high'],
    ['gpt-5-codex', 'always', 'low medium high'],
    ['gpt-5.1', 'asked', 'none low medium high'],
    ['gpt-5.1-codex-max', 'always', 'low medium high xhigh'],
    ['gpt-5.2-pro', 'always', 'medium high xhigh'],
    ['gpt-5.3-codex', 'always', 'low medium high xhigh'],
    ['gpt-5.4-mini', 'asked', 'none low medium high xhigh'],
    ['gpt-5.5', 'default', 'none low medium high xhigh'],
    ['gpt-5.6-sol', 'default', 'none low medium high xhigh max'],
    ['gpt-6-astra', 'always', 'low medium high xhigh max'],
    ['gpt-6.1-terra', 'default', 'none low medium high xhigh max'],
    ['gpt-7', 'default', 'none low medium high xhigh max'],
  ])('%s: reasoning %s, efforts %s', (model, reasoning, efforts) => {
    const traits = openai.modelTraits(model);
    expect([traits.reasoning, traits.efforts.join(' ')]).toEqual([reasoning, efforts]);
  });
});

describe('which language it is spoken to in', () => {
  it.each([
    ...['o1-pro', 'o3-pro-2025-06-10', 'gpt-5-pro', 'gpt-5.5-pro-2026-04-23', 'gpt-5.3-codex', 'o3-deep-research'],
    ...['gpt-5-codex', 'gpt-5.1-codex-max', 'computer-use-preview', 'gpt-5.6-cyber'],
    ...['gpt-6-astra-pro', 'codex-mini-latest', 'gpt-daybreak-red-latest'],
  ])('%s: Responses only', model => expect(protocolsFor(model)).toEqual(['openai-responses']));

  it.each(['gpt-5', 'o3', 'gpt-6.1-sol'])('%s: both, Responses first where there must be a translation', model =>
    expect(protocolsFor(model)).toEqual(BOTH.responses),
  );

  it.each(['gpt-4o', 'gpt-audio', 'anything', 'DeepSeek-V4-Pro', 'deepseek-v4-pro', 'qwen-codex'])(
    '%s: both, chat first',
    model => expect(protocolsFor(model)).toEqual(BOTH.chat),
  );

  const azure = (options: Record<string, unknown>): Outgoing => ({
    protocol: 'openai-responses',
    endpoint: 'chat',
    model: 'o3-pro',
    stream: false,
    channel: { id: 'c', baseUrl: 'https://me.openai.azure.com', credential: 'k', options },
  });

  it.each([
    [{}, '/openai/v1/responses', true],
    [{ api_version: 'preview' }, '/openai/v1/responses?api-version=preview', true],
    [
      { api: 'deployments', api_version: '2025-04-01-preview' },
      '/openai/responses?api-version=2025-04-01-preview',
      true,
    ],
    [{ api: 'deployments', api_version: '2024-10-21' }, undefined, false],
    [{ api: 'models' }, undefined, false],
  ])('on Azure, with %j: %s', (options, path, has) => {
    const outgoing = azure(options);
    expect(azureOpenai.protocolsFor!('o3-pro', outgoing.channel)).toEqual([has ? 'openai-responses' : 'openai-chat']);
    if (path !== undefined) expect(azureOpenai.path!(outgoing)).toBe(path);
  });
});

it.each([
  ['gpt-5.6-sol', {}, true],
  ['gpt-5.6-sol', { reasoning_effort: 'low' }, true],
  ['gpt-5.6-sol', { reasoning_effort: 'none' }, false],
  ['gpt-5.6-sol', { reasoning_effort: null }, true],
  ['gpt-5.6-sol', { tools: [] }, false],
  ['gpt-5.4', {}, false],
  ['gpt-5.4-mini', { reasoning_effort: 'high' }, true],
  ['gpt-6-astra', {}, true],
  ['gpt-5.2', { reasoning_effort: 'high' }, false],
  ['gpt-5', {}, false],
  ['gpt-4.1', {}, false],
])('chat refuses tools to a model that thinks: %s with %j: %s', (model, more, expected) => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  expect(mustTranslate(model, 'openai-chat', { tools, ...more })).toBe(expected);
  expect(mustTranslate(model, 'gemini', { tools, ...more })).toBe(false);
});

it.each([
  ['o1-pro', { effort: 'high', summary: 'auto' }, { effort: 'high' }],
  ['o3-mini', { summary: 'auto' }, undefined],
  ['o3', { summary: 'auto' }, { summary: 'auto' }],
  ['gpt-4o', undefined, undefined],
])('summaries are asked of models that have them: %s', (model, reasoning, expected) => {
  const outgoing = { model } as Outgoing;
  expect(withoutSummary(reasoning ? { reasoning } : {}, outgoing)).toEqual(expected ? { reasoning: expected } : {});
});
