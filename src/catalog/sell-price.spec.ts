import fc from 'fast-check';
import Fraction from 'fraction.js';
import { DIMENSIONS } from '../protocols/usage.js';
import { millionthsOf } from './decimal.js';
import type { PriceTerms } from './price-rates.js';
import type { Rates } from './route.js';
import { lackingRate, sellPrice, timesFactor } from './sell-price.js';

const terms = (rates: Rates, more: Partial<PriceTerms> = {}): PriceTerms => ({
  ...{ rates, tiers: [], serviceTiers: {} },
  ...more,
});
const talks = (official: PriceTerms | undefined) => ({ official, endpointTypes: ['chat'] });
const factor = (text: string): number => Number(millionthsOf(text));
const whole = terms({ input: 150_000n, output: 600_000n });

describe('a sell price by rule', () => {
  it('is the official price in the direct lane, and there is no cheap lane, while no rule says otherwise', () => {
    expect(sellPrice(talks(whole), 'direct', undefined)).toEqual({
      terms: whole,
      source: 'seed',
      factorMillionths: null,
    });
    expect(sellPrice(talks(whole), 'cheap', undefined)).toBeUndefined();
  });

  it('is official price times factor: every rate, tier, service tier and call', () => {
    const official = terms(
      { input: 1_000_000n, cache_read: 100_001n, output: 3n, tool_web_search: 10_000_000_000n },
      {
        tiers: [{ aboveInputTokens: 200_000, rates: { input: 2_000_001n }, serviceTiers: { flex: { input: 5n } } }],
        serviceTiers: { flex: { input: 500_000n } },
      },
    );
    expect(sellPrice(talks(official), 'cheap', factor('0.5'))).toEqual({
      source: 'rule',
      factorMillionths: 500_000,
      terms: {
        rates: { input: 500_000n, cache_read: 50_001n, output: 2n, tool_web_search: 5_000_000_000n },
        tiers: [{ aboveInputTokens: 200_000, rates: { input: 1_000_001n }, serviceTiers: { flex: { input: 3n } } }],
        serviceTiers: { flex: { input: 250_000n } },
      },
    });
  });

  it('trap 7: what has no official price, or half of one, has no price, whatever the rule', () => {
    for (const official of [undefined, terms({}), terms({ input: 1n }), terms({ output: 1n })]) {
      expect(sellPrice(talks(official), 'direct', factor('2'))).toBeUndefined();
      expect(sellPrice(talks(official), 'direct', undefined)).toBeUndefined();
    }
    expect(lackingRate(terms({ requests: 1n }), ['images'])).toBeUndefined();
    expect(lackingRate(terms({}), ['images'])).toBe('input');
  });

  it('trap 7: an explicit zero stays zero, and nothing else becomes zero', () => {
    const tiny = timesFactor(terms({ input: 0n, output: 1n, cache_read: 4n }), 1n);
    expect(tiny.rates).toEqual({ input: 0n, output: 1n, cache_read: 1n });
  });

  it('to the last picoUSD as rationals have it: rounded half up, never from something to nothing', () => {
    const pico = fc.bigInt(0n, 10n ** 21n);
    const rates = fc
      .uniqueArray(fc.constantFrom(...DIMENSIONS))
      .chain(names => fc.record(Object.fromEntries(names.map(name => [name, pico]))) as fc.Arbitrary<Rates>);
    const service = fc.dictionary(fc.constantFrom('flex', 'priority'), rates, { noNullPrototype: true });
    const tier = fc.record({ aboveInputTokens: fc.nat(), rates, serviceTiers: service });
    const anyTerms = fc.record({ rates, tiers: fc.array(tier, { maxLength: 3 }), serviceTiers: service });
    const tablesOf = ({ rates: base, tiers, serviceTiers }: PriceTerms): Rates[] => [
      base,
      ...Object.values(serviceTiers),
      ...tiers.flatMap(one => [one.rates, ...Object.values(one.serviceTiers ?? {})]),
    ];
    fc.assert(
      fc.property(anyTerms, fc.bigInt(1n, 1_000_000_000n), (official, millionths) => {
        const sold = timesFactor(official, millionths);
        const after = tablesOf(sold);
        tablesOf(official).forEach((table, at) => {
          expect(Object.keys(after[at]!)).toEqual(Object.keys(table));
          for (const [name, value] of Object.entries(table)) {
            const exact = new Fraction(value).mul(millionths).div(1_000_000n);
            const rounded = exact.add(new Fraction(1, 2)).floor();
            const expected = rounded.equals(0) && value > 0n ? '1' : rounded.toFraction();
            expect(String(Object.entries(after[at]!).find(([key]) => key === name)?.[1])).toBe(expected);
          }
        });
      }),
    );
  });
});
