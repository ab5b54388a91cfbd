import { parseTerms, storeTerms, type PriceTerms } from './price-rates.js';
import { usdTerms } from './price-usd.js';

const terms: PriceTerms = {
  rates: { input: 2_000_000n, cache_read: 200_000n, output: 10_000_000n, tool_web_search: 10_000_000_000n },
  tiers: [{ aboveInputTokens: 272_000, rates: { input: 4_000_000n }, serviceTiers: { flex: { input: 2_000_000n } } }],
  serviceTiers: { flex: { input: 1_000_000n, output: 5_000_000n } },
};

describe('the terms of a price', () => {
  it('come back from the database as they went', () => {
    expect(parseTerms(JSON.parse(JSON.stringify(storeTerms(terms))))).toEqual(terms);
    expect(storeTerms(terms).rates).toEqual({
      input: '2000000',
      cache_read: '200000',
      output: '10000000',
      tool_web_search: '10000000000',
    });
  });

  it('are read with their tiers in order', () => {
    const tiers = [200_000, 32_000].map(above_input_tokens => ({ above_input_tokens, rates: { input: '1' } }));
    expect(parseTerms({ rates: {}, tiers }).tiers.map(tier => tier.aboveInputTokens)).toEqual([32_000, 200_000]);
  });

  it('are refused when somebody else wrote them', () => {
    expect(() => parseTerms({ rates: { input: 0.5 } })).toThrow();
    expect(() => parseTerms({ rates: { tokens: '5' } })).toThrow();
  });

  it('show in USD', () => {
    expect(usdTerms(terms)).toEqual({
      input_per_mtok: 2,
      cache_read_per_mtok: 0.2,
      output_per_mtok: 10,
      per_tool_web_search: 0.01,
      tiers: [{ above_input_tokens: 272_000, input_per_mtok: 4, service_tiers: { flex: { input_per_mtok: 2 } } }],
      service_tiers: { flex: { input_per_mtok: 1, output_per_mtok: 5 } },
    });
  });
});
