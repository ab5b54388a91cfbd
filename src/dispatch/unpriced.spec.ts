import type { Price, Route } from '../catalog/route.js';
import { unpricedNeed } from './unpriced.js';

const price: Price = {
  id: 'price',
  rates: { input: 1n, output: 1n },
  tiers: [{ aboveInputTokens: 9, rates: {}, serviceTiers: { priority: {} } }],
  serviceTiers: { flex: { input: 1n } },
};
const at = (provider: string) => ({ price, channel: { provider } }) as Route;
const tier = (serviceTier: string | undefined, provider = 'openai') =>
  unpricedNeed({ needs: ['tools'], serviceTier }, at(provider));

describe('what a price lacks', () => {
  it('is a tool that the vendor runs and charges', () => {
    const needs = ['tools', 'tool_web_search'];
    expect(unpricedNeed({ needs, serviceTier: undefined }, at('openai'))).toBe('tool_web_search');
    const priced = { ...at('openai'), price: { ...price, rates: { ...price.rates, tool_web_search: 0n } } };
    expect(unpricedNeed({ needs, serviceTier: undefined }, priced)).toBeUndefined();
  });

  it('is a service tier where the vendor bills by them, and the caller names one', () => {
    expect(tier('scale')).toBe('the service tier scale');
    expect(tier('toString')).toBe('the service tier toString');
    expect(tier('no <name>')).toBe('this service tier');
    for (const provider of ['azure-openai', 'gemini', 'bedrock']) expect(tier('scale', provider)).toBeDefined();
  });

  it.each([undefined, 'auto', 'default', 'standard', 'standard_only', 'flex', 'priority'])(
    'is not the tier %s',
    name => {
      expect(tier(name)).toBeUndefined();
    },
  );

  it('is no tier where none is billed by itself', () => {
    for (const provider of ['openai-compatible', 'groq', 'anthropic', 'deepseek'])
      expect(tier('scale', provider)).toBeUndefined();
  });
});
