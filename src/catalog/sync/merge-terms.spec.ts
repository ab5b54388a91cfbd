import fc from 'fast-check';
import { DIMENSIONS } from '../../protocols/usage.js';
import { storeTerms, type PriceTerms } from '../price-rates.js';
import type { Rates } from '../route.js';
import { differences, doubtsAbout } from './differences.js';
import { mergeTerms } from './merge-terms.js';
import type { QuotedTerms } from './quoted-terms.js';

const quoted = (rates: Rates, steps: QuotedTerms['steps'] = []): QuotedTerms => ({ rates, steps, leftOut: [] });
const known = (rates: Rates, more: Partial<PriceTerms> = {}): PriceTerms => ({
  ...{ rates, tiers: [], serviceTiers: {} },
  ...more,
});

describe('an official price with what the package says', () => {
  it('takes what is stated, and keeps what is not', () => {
    const before = known({ input: 10n, output: 20n, tool_web_search: 7n });
    expect(mergeTerms(before, quoted({ input: 5n, cache_read: 1n }))).toEqual(
      known({ input: 5n, output: 20n, cache_read: 1n, tool_web_search: 7n }),
    );
    expect(mergeTerms(undefined, quoted({ input: 5n, output: 6n }))).toEqual(known({ input: 5n, output: 6n }));
  });

  it('trap 6: service tiers keep their ratio, at long context too', () => {
    const before = known(
      { input: 100n, output: 400n },
      {
        tiers: [{ aboveInputTokens: 272, rates: { input: 200n }, serviceTiers: { flex: { input: 100n } } }],
        serviceTiers: { flex: { input: 50n, output: 200n, tool_other: 9n } },
      },
    );
    const steps = [{ aboveInputTokens: 271, rates: { input: 60n } }];
    expect(mergeTerms(before, quoted({ input: 30n, output: 400n }, steps))).toEqual({
      rates: { input: 30n, output: 400n },
      tiers: [{ aboveInputTokens: 271, rates: { input: 60n }, serviceTiers: { flex: { input: 30n } } }],
      serviceTiers: { flex: { input: 15n, output: 200n, tool_other: 9n } },
    });
  });

  it('trap 6: a new context tier has the ratios of the base price', () => {
    const before = known({ input: 100n }, { serviceTiers: { flex: { input: 50n } } });
    const steps = [{ aboveInputTokens: 9, rates: { input: 200n } }];
    expect(mergeTerms(before, quoted({ input: 100n }, steps)).tiers).toEqual([
      { aboveInputTokens: 9, rates: { input: 200n }, serviceTiers: { flex: { input: 100n } } },
    ]);
  });

  it('trap 6: each tier is whole, as only the highest one reached counts', () => {
    const before = known(
      { input: 1n, audio_input: 5n },
      { tiers: [{ aboveInputTokens: 10, rates: { input: 2n, audio_input: 6n } }] },
    );
    const steps = [
      { aboveInputTokens: 5, rates: { input: 3n } },
      { aboveInputTokens: 20, rates: { output: 9n } },
    ];
    expect(mergeTerms(before, quoted({ input: 1n, output: 4n }, steps)).tiers).toEqual([
      { aboveInputTokens: 5, rates: { input: 3n } },
      { aboveInputTokens: 10, rates: { input: 3n, audio_input: 6n } },
      { aboveInputTokens: 20, rates: { input: 3n, output: 9n, audio_input: 6n } },
    ]);
  });

  it('said twice is as said once, and says what the package says', () => {
    const pico = fc.bigInt(1n, 10n ** 9n);
    const rates = fc
      .uniqueArray(fc.constantFrom(...DIMENSIONS), { minLength: 1 })
      .chain(names => fc.record(Object.fromEntries(names.map(name => [name, pico]))) as fc.Arbitrary<Rates>);
    const steps = fc.uniqueArray(fc.record({ aboveInputTokens: fc.integer({ min: 1, max: 5 }), rates }), {
      selector: step => step.aboveInputTokens,
      maxLength: 3,
    });
    const services = fc.dictionary(fc.constantFrom('flex', 'priority'), rates, { noNullPrototype: true });
    fc.assert(
      fc.property(rates, steps, services, rates, steps, (base, tiers, serviceTiers, stated, at) => {
        const sorted = <Step extends { aboveInputTokens: number }>(all: readonly Step[]) =>
          [...all].sort((a, b) => a.aboveInputTokens - b.aboveInputTokens);
        // A step is of a rate that is stated.
        const inStated = Object.fromEntries(Object.entries(stated).map(([name]) => [name, true]));
        const valid = sorted(at).map(step => ({
          ...step,
          rates: Object.fromEntries(Object.entries(step.rates).filter(([name]) => name in inStated)),
        }));
        const quote = quoted(stated, valid);
        const once = mergeTerms(known(base, { tiers: sorted(tiers), serviceTiers }), quote);
        expect(storeTerms(mergeTerms(once, quote))).toEqual(storeTerms(once));
        expect(differences(once, mergeTerms(once, quote))).toEqual([]);
        expect(once.rates).toMatchObject(stated);
        for (const { aboveInputTokens, rates: step } of valid) {
          const tier = once.tiers.find(one => one.aboveInputTokens === aboveInputTokens);
          expect(tier?.rates ?? {}).toMatchObject(step);
        }
        for (const name of DIMENSIONS) if (!(name in stated)) expect(once.rates[name]).toBe(base[name]);
      }),
    );
  });
});

describe('what a person should look at first', () => {
  const doubts = (before: Rates | undefined, after: Rates) => doubtsAbout(before && known(before), known(after));

  it('is more than five times as much or as little', () => {
    expect(doubts({ input: 10n, output: 10n }, { input: 50n, output: 2n })).toEqual([]);
    expect(doubts({ input: 10_000n, output: 10_000n }, { input: 50_001n, output: 1_999n })).toEqual([
      'input_per_mtok goes from 0.01 to 0.050001',
      'output_per_mtok goes from 0.01 to 0.001999',
    ]);
  });

  it('trap 7: is what becomes free, known before or not, and what was free', () => {
    expect(doubts({ input: 1n }, { input: 0n })).toEqual(['input_per_mtok becomes free']);
    expect(doubts(undefined, { input: 0n, output: 5n })).toEqual(['input_per_mtok becomes free']);
    expect(doubts({ input: 0n }, { input: 1n })).toEqual(['input_per_mtok was free and would cost 0.000001']);
    expect(doubts({ input: 0n }, { input: 0n, output: 9n })).toEqual([]);
    expect(doubts(undefined, { input: 1n, output: 9n })).toEqual([]);
  });

  it('trap 6: is a tier that ends, or jumps; one that only begins elsewhere is not', () => {
    const tiered = (aboveInputTokens: number, input: bigint) =>
      known({ input: 100n }, { tiers: [{ aboveInputTokens, rates: { input } }] });
    expect(doubtsAbout(tiered(272_000, 200n), known({ input: 100n }))).toEqual(['a context tier ends']);
    expect(doubtsAbout(tiered(272_000, 200n), tiered(271_999, 210n))).toEqual([]);
    expect(doubtsAbout(tiered(1, 200n), tiered(1, 2_000n))).toHaveLength(1);
    const flex = (input: bigint) => known({ input: 100n }, { serviceTiers: { flex: { input } } });
    expect(doubtsAbout(flex(50n), flex(0n))).toEqual(['service_tiers.flex.input_per_mtok becomes free']);
  });

  it('differences name every rate by its path', () => {
    const before = known({ input: 1n }, { tiers: [{ aboveInputTokens: 9, rates: { input: 2n } }] });
    const after = known({ input: 1n, requests: 1n }, { serviceTiers: { flex: { output: 3n } } });
    expect(differences(before, after)).toEqual([
      { field: 'per_request', from: null, to: '0.000000000001' },
      { field: 'service_tiers.flex.output_per_mtok', from: null, to: '0.000003' },
      { field: 'tiers.0.above_input_tokens', from: '9', to: null },
      { field: 'tiers.0.input_per_mtok', from: '0.000002', to: null },
    ]);
  });
});
