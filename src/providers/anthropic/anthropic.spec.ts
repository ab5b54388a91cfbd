import { anthropic } from './index.js';

const outgoing = (baseUrl: string | undefined) => ({
  protocol: 'anthropic-messages' as const,
  endpoint: 'chat' as const,
  model: 'claude-sonnet-4-5',
  stream: false,
  channel: { id: 'c', baseUrl, credential: 'sk-ant', options: {} },
});

describe('what a model of Anthropic can do, by its name', () => {
  it.each([
    ['claude-3-5-haiku-20241022', 'none', 'both'],
    ['claude-3-haiku-20240307', 'none', 'both'],
    ['claude-3-7-sonnet-20250219', 'budget', 'both'],
    ['claude-sonnet-4-20250514', 'budget', 'both'],
    ['claude-opus-4-0', 'budget', 'both'],
    ['claude-opus-4-1-20250805', 'budget', 'one'],
    ['claude-haiku-4-5-20251001', 'budget', 'one'],
    ['claude-sonnet-4-5', 'budget', 'one'],
    ['claude-opus-4-6', 'asked', 'one'],
    ['claude-sonnet-4-6', 'asked', 'one'],
    ['claude-opus-4-7', 'asked', 'none'],
    ['claude-opus-4-8', 'asked', 'none'],
    ['claude-opus-5', 'default', 'none'],
    ['claude-sonnet-5', 'default', 'none'],
    ['claude-haiku-5-5', 'default', 'none'],
    ['claude-opus-5-5', 'always', 'none'],
    ['claude-sonnet-5-5', 'always', 'none'],
    ['claude-fable-5-1', 'always', 'none'],
    ['claude-opus-7', 'always', 'none'],
  ])('%s: reasoning %s, sampling %s', (model, reasoning, sampling) => {
    expect(anthropic.modelTraits(model)).toMatchObject({ reasoning, sampling });
  });
});

describe('where it is', () => {
  it.each([
    [undefined, '/messages'],
    ['https://api.anthropic.com/v1', '/messages'],
    ['https://api.anthropic.com', '/v1/messages'],
    ['http://127.0.0.1:9/proxy', '/v1/messages'],
  ])('%s: %s', (baseUrl, path) => {
    expect(anthropic.path?.(outgoing(baseUrl))).toBe(path);
  });
});
