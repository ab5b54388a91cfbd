import { environmentChannels } from '../environment.js';
import type { Outgoing } from '../provider.js';
import { gemini } from './index.js';

const outgoing = (more: Partial<Outgoing> = {}, baseUrl?: string): Outgoing => ({
  protocol: 'gemini',
  endpoint: 'chat',
  model: 'gemini-3.8-flash',
  stream: false,
  channel: { id: 'c', baseUrl, credential: 'AIza', options: {} },
  ...more,
});

describe('what a model of Google can do, by its name', () => {
  it.each([
    ['gemini-2.0-flash', 'none', 'both', undefined],
    ['gemini-2.5-flash', 'default', 'both', [1, 24_576]],
    ['gemini-2.5-flash-lite', 'asked', 'both', [512, 24_576]],
    ['models/gemini-2.5-pro', 'always', 'both', [128, 32_768]],
    ['gemini-2.5-computer-use-preview-10-2025', 'always', 'both', [128, 32_768]],
    ['gemini-2.5-flash-image', 'none', 'both', undefined],
    ['gemini-2.5-flash-preview-tts', 'none', 'both', undefined],
    ['gemini-3-pro-image-preview', 'none', 'both', undefined],
    ['gemma-4-31b-it', 'none', 'both', undefined],
    ['gemini-3-flash-preview', 'always', 'both', undefined],
    ['gemini-3.6-flash', 'always', 'none', undefined],
    ['gemini-flash-latest', 'always', 'none', undefined],
  ])('%s: reasoning %s, sampling %s, tokens to think in %j', (model, reasoning, sampling, thinkingTokens) => {
    expect(gemini.modelTraits(model)).toMatchObject({ reasoning, sampling });
    expect(gemini.modelTraits(model).thinkingTokens).toEqual(thinkingTokens);
  });

  it.each([
    ['gemini-3-pro-preview', 'low high'],
    ['gemini-3.1-pro-preview', 'low medium high'],
    ['gemini-3-flash-preview', 'minimal low medium high'],
    ['gemini-3.1-flash-lite', 'minimal low medium high'],
    ['gemini-3.5-flash-lite', 'minimal low medium high'],
    ['gemini-3.8-flash', 'low medium high'],
    ['gemini-4-argon', 'low medium high'],
    ['gemini-7-neon', 'low medium high'],
  ])('%s thinks %s, and wants its calls signed', (model, efforts) => {
    expect(gemini.modelTraits(model)).toMatchObject({ efforts: efforts.split(' '), signedCalls: true });
  });

  it('has neither penalties nor log probabilities from 2.5 on', () => {
    expect(gemini.modelTraits('gemini-2.0-flash').lacks).toBeUndefined();
    expect(gemini.modelTraits('gemini-2.5-pro').lacks).toContain('logprobs');
  });
});

describe('where it is', () => {
  it.each([
    [undefined, '/models/gemini-3.8-flash:generateContent'],
    ['https://generativelanguage.googleapis.com/v1beta', '/models/gemini-3.8-flash:generateContent'],
    ['http://127.0.0.1:9', '/v1beta/models/gemini-3.8-flash:generateContent'],
  ])('%s: %s', (baseUrl, path) => {
    expect(gemini.path?.(outgoing({}, baseUrl))).toBe(path);
  });

  it('streams as SSE, counts, and knows tuned models', () => {
    expect(gemini.path?.(outgoing({ stream: true }))).toBe('/models/gemini-3.8-flash:streamGenerateContent?alt=sse');
    expect(gemini.path?.(outgoing({ endpoint: 'count-tokens' }))).toBe('/models/gemini-3.8-flash:countTokens');
    expect(gemini.path?.(outgoing({ model: 'tunedModels/x?y' }))).toBe('/tunedModels/x%3Fy:generateContent');
    expect(gemini.authorize?.(outgoing())).toEqual({ 'x-goog-api-key': 'AIza' });
  });
});

describe('its key in the environment', () => {
  it.each([
    [{ GEMINI_API_KEY: 'one' }, 'one'],
    [{ GOOGLE_API_KEY: 'other' }, 'other'],
    [{ GEMINI_API_KEY: 'one', GOOGLE_API_KEY: 'other' }, 'one'],
    [{ GEMINI_API_KEY: '', GOOGLE_API_KEY: 'other' }, 'other'],
  ])('%j', (environment, credential) => {
    expect(environmentChannels(environment)).toMatchObject([{ id: 'env:gemini', credential, priority: 0 }]);
  });
});
