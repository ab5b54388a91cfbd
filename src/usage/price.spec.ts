import fc from 'fast-check';
import type { Price, Rates } from '../catalog/route.js';
import { DIMENSIONS, type Dimension, type Usage } from '../protocols/usage.js';
import { priceOf, toMicroUsd } from './price.js';

const price = (rates: Rates, extra: Partial<Price> = {}): Price => ({
  id: 'price_1',
  rates,
  tiers: [],
  serviceTiers: {},
  ...extra,
});
const usage = (dimensions: Usage['dimensions'], extra: Partial<Usage> = {}): Usage => ({
  dimensions,
  raw: {},
  ...extra,
});

describe('priceOf', () => {
  it('multiplies each dimension by its rate and rounds once', () => {
    // gpt-4o-mini: $0.15 in, $0.075 cached, $0.60 out per million tokens.
    const charge = priceOf(
      usage({ input: 1000, cache_read: 500, output: 301 }),
      price({ input: 150_000n, cache_read: 75_000n, output: 600_000n }),
    );
    expect(charge).toEqual({
      lineItems: [
        { dimension: 'input', quantity: 1000, unit_price_pico_usd: '150000', amount_pico_usd: '150000000' },
        { dimension: 'cache_read', quantity: 500, unit_price_pico_usd: '75000', amount_pico_usd: '37500000' },
        { dimension: 'output', quantity: 301, unit_price_pico_usd: '600000', amount_pico_usd: '180600000' },
      ],
      microUsd: 368n,
      unpriced: [],
    });
  });

  it('rounds half up, once for the whole', () => {
    expect(toMicroUsd(499_999n)).toBe(0n);
    expect(toMicroUsd(500_000n)).toBe(1n);
    // Rounded apart, these would give 0 + 0.
    expect(priceOf(usage({ input: 1, output: 1 }), price({ input: 250_000n, output: 250_000n })).microUsd).toBe(1n);
  });

  it('trap 4: a cached dimension without a rate costs what plain input costs, never nothing', () => {
    const rates = { input: 10n, output: 20n };
    const charge = priceOf(
      usage({ cache_read: 1, cache_write_5m: 1, cache_write_1h: 1, audio_output: 1 }),
      price(rates),
    );
    expect(charge.lineItems.map(item => [item.dimension, item.unit_price_pico_usd])).toEqual([
      ['cache_read', '10'],
      ['cache_write_5m', '10'],
      ['cache_write_1h', '10'],
      ['audio_output', '20'],
    ]);
    const write = priceOf(usage({ cache_write_1h: 1 }), price({ ...rates, cache_write_5m: 12n }));
    expect(write.lineItems[0]?.unit_price_pico_usd).toBe('12');
  });

  it('trap 7: what has no rate is named, and a free dimension is not an unknown one', () => {
    const charge = priceOf(usage({ input: 5, tool_web_search: 2 }), price({ input: 0n }));
    expect(charge.unpriced).toEqual(['tool_web_search']);
    expect(charge.lineItems).toEqual([
      { dimension: 'input', quantity: 5, unit_price_pico_usd: '0', amount_pico_usd: '0' },
    ]);
    expect(priceOf(usage({ output: 1 }), price({ input: 1n })).unpriced).toEqual(['output']);
  });

  it('charges a price per call once when the vendor does not count calls', () => {
    const perCall = price({ input: 1n, output: 1n, requests: 5_000_000_000n });
    expect(priceOf(usage({ input: 1 }), perCall).microUsd).toBe(5000n);
    expect(priceOf(usage({ input: 1, requests: 3 }), perCall).microUsd).toBe(15_000n);
  });

  it('trap 6: context tiers count cached input, replace only what they name, and the highest one reached wins', () => {
    const tiered = price(
      { input: 100n, cache_read: 10n, output: 400n },
      {
        tiers: [
          { aboveInputTokens: 100, rates: { input: 200n } },
          { aboveInputTokens: 200, rates: { input: 300n, output: 900n } },
        ],
      },
    );
    const unit = (dimensions: Usage['dimensions']) =>
      Object.fromEntries(
        priceOf(usage(dimensions), tiered).lineItems.map(item => [item.dimension, item.unit_price_pico_usd]),
      );
    expect(unit({ input: 100, output: 1 })).toEqual({ input: '100', output: '400' });
    expect(unit({ input: 50, cache_read: 51, output: 1 })).toEqual({ input: '200', cache_read: '10', output: '400' });
    expect(unit({ input: 201, output: 1 })).toEqual({ input: '300', output: '900' });
  });

  it('trap 6: a service tier replaces the rates it names; one without a price of its own is charged as the plain one, and said', () => {
    const flex = price({ input: 100n, output: 400n }, { serviceTiers: { flex: { input: 50n, output: 200n } } });
    const on = (serviceTier: string) => {
      const { microUsd, unpriced } = priceOf(usage({ input: 10_000, output: 10_000 }, { serviceTier }), flex);
      return [microUsd, ...unpriced];
    };
    expect(on('flex')).toEqual([3n]);
    for (const plain of ['default', 'standard', 'auto', 'on_demand']) expect(on(plain)).toEqual([5n]);
    for (const unknown of ['priority', 'constructor']) expect(on(unknown)).toEqual([5n, 'service_tier']);
  });

  it('trap 6: a service tier at long context has the price of both', () => {
    const both = price(
      { input: 100n },
      {
        tiers: [{ aboveInputTokens: 100, rates: { input: 200n }, serviceTiers: { flex: { input: 120n } } }],
        serviceTiers: { flex: { input: 50n }, priority: { input: 300n } },
      },
    );
    const unit = (input: number, serviceTier: string) =>
      priceOf(usage({ input }, { serviceTier }), both).lineItems[0]?.unit_price_pico_usd;
    expect([unit(100, 'flex'), unit(101, 'flex'), unit(101, 'priority'), unit(101, 'default')]).toEqual([
      ...['50', '120', '300', '200'],
    ]);
  });

  it('ignores quantities that no one can have used', () => {
    for (const nonsense of [-5, 1.5, NaN, Infinity, 2 ** 60]) {
      expect(priceOf(usage({ input: nonsense, output: 2 }), price({ input: 1n, output: 1n })).lineItems).toHaveLength(
        1,
      );
    }
  });

  it('equals exact rational arithmetic for any quantities and rates', () => {
    const dimension = fc.constantFrom(...DIMENSIONS);
    const quantities = fc.dictionary(dimension, fc.nat({ max: 10_000_000 })) as fc.Arbitrary<
      Partial<Record<Dimension, number>>
    >;
    const allRates = fc.tuple(...DIMENSIONS.map(() => fc.bigInt({ min: 0n, max: 10n ** 12n })));
    fc.assert(
      fc.property(quantities, allRates, (used, list) => {
        const rates = Object.fromEntries(DIMENSIONS.map((name, index) => [name, list[index]!])) as Record<
          Dimension,
          bigint
        >;
        const stated: Partial<Record<Dimension, number>> = { ...used, requests: used.requests ?? 0 };
        const charge = priceOf(usage(stated), price(rates));
        // The oracle: the exact sum over 10^6 as a fraction; half up means ⌊(2·sum + 10^6) / (2·10^6)⌋.
        const sum = Object.entries(stated).reduce((acc, [name, n]) => acc + rates[name as Dimension] * BigInt(n), 0n);
        expect(charge.microUsd).toBe((2n * sum + 1_000_000n) / 2_000_000n);
        expect(charge.lineItems.reduce((acc, item) => acc + BigInt(item.amount_pico_usd), 0n)).toBe(sum);
        for (const item of charge.lineItems) {
          expect(BigInt(item.unit_price_pico_usd) * BigInt(item.quantity)).toBe(BigInt(item.amount_pico_usd));
        }
      }),
      { numRuns: 500 },
    );
  });
});
