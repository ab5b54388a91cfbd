import fc from 'fast-check';
import { decimalOf, millionthsOf, picoOf, usdOf } from './decimal.js';

describe('prices in exact decimals', () => {
  it.each([
    ['0.15', 150_000n],
    [0.15, 150_000n],
    [0.1 + 0.2, undefined], // 0.30000000000000004: not what anybody meant
    ['0.000001', 1n],
    [0.000001, 1n],
    ['0.0000001', undefined],
    ['1.50000000', 1_500_000n],
    [3, 3_000_000n],
    ['1e3', undefined],
    ['-1', undefined],
    ['.5', undefined],
    ['', undefined],
    [null, undefined],
    [Number.NaN, undefined],
    ['1000000000', undefined],
  ])('%p is %p millionths', (value, millionths) => expect(millionthsOf(value)).toBe(millionths));

  it('gives picoUSD per token and per call', () => {
    expect(picoOf('0.15', 'input')).toBe(150_000n);
    expect(picoOf('0.01', 'tool_web_search')).toBe(10_000_000_000n);
  });

  it('shows what a call costs to the last picoUSD, and factors', () => {
    expect(usdOf(3_333_333_333n, 'requests')).toBe('0.003333333333');
    expect(usdOf(1n, 'tool_other')).toBe('0.000000000001');
    expect(usdOf(1n, 'input')).toBe('0.000001');
    expect(decimalOf(900_000n)).toBe('0.9');
  });

  it('survives the way there and back', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 14n),
        fc.constantFrom('output' as const, 'requests' as const),
        (millionths, name) => {
          const pico = name === 'requests' ? millionths * 1_000_000n : millionths;
          expect(picoOf(usdOf(pico, name), name)).toBe(pico);
        },
      ),
    );
  });
});
