import { quotedTerms } from './quoted-terms.js';
import { readPackage, type Quotes } from './quote.js';

describe('a price of the data package', () => {
  it('is read in picoUSD: per million tokens, and calls per thousand', () => {
    const price = {
      ...{
        input_mtok: 0.0375,
        cache_read_mtok: 0.000001,
        cache_write_mtok: 1.25,
        cache_write_1h_mtok: 2,
        output_mtok: 5,
      },
      ...{ input_audio_mtok: 32, output_audio_mtok: 64, input_image_mtok: 8, output_image_mtok: 30 },
      ...{ requests_kcount: 12, web_searches_kcount: 10 },
    };
    expect(quotedTerms(price)).toEqual({
      rates: {
        ...{
          input: 37_500n,
          cache_read: 1n,
          cache_write_5m: 1_250_000n,
          cache_write_1h: 2_000_000n,
          output: 5_000_000n,
        },
        ...{ audio_input: 32_000_000n, audio_output: 64_000_000n, image_input: 8_000_000n, image_output: 30_000_000n },
        ...{ requests: 12_000_000_000n, tool_web_search: 10_000_000_000n },
      },
      steps: [],
      leftOut: [],
    });
  });

  it('has context tiers per field, and fields that are no dimension here are left out by name', () => {
    const price = {
      input_mtok: {
        base: 2,
        tiers: [
          { start: 200_000, price: 4 },
          { start: 32_000, price: 3 },
        ],
      },
      output_mtok: { base: 12, tiers: [{ start: 200_000, price: 18 }] },
      ...{ cache_audio_read_mtok: 0.05, audio_hours: 1 },
    };
    expect(quotedTerms(price)).toEqual({
      rates: { input: 2_000_000n, output: 12_000_000n },
      steps: [
        { aboveInputTokens: 32_000, rates: { input: 3_000_000n } },
        { aboveInputTokens: 200_000, rates: { input: 4_000_000n, output: 18_000_000n } },
      ],
      leftOut: ['cache_audio_read_mtok', 'audio_hours'],
    });
  });

  it('trap 7: an empty one is no price, nor is one in units that are none here; an explicit zero is one', () => {
    expect(quotedTerms({})).toContain('no price');
    expect(quotedTerms({ audio_hours: 0.1 })).toContain('no price');
    expect(quotedTerms({ input_mtok: 0, output_mtok: 0 })).toMatchObject({ rates: { input: 0n, output: 0n } });
  });

  it('that is finer than a picoUSD is refused, not rounded', () => {
    expect(quotedTerms({ input_mtok: 0.0000001 })).toContain('input_mtok is 1e-7');
    expect(quotedTerms({ input_mtok: { base: 1, tiers: [{ start: 1, price: 0.1 + 0.2 }] } })).toContain(
      'input_mtok is',
    );
  });
});

/** What is installed; a newer package may have moved on, which is then to be looked at. */
describe('the installed data package', () => {
  let quotes: Quotes;
  beforeAll(async () => {
    quotes = await readPackage();
  });
  const at = new Date('2026-11-28T12:00:00Z');
  const quote = (source: string | undefined, name: string, aliases: string[] = []) =>
    quotes.of(source, name, aliases, at);

  it('knows a model by the names that it lists, or by an alias of ours', () => {
    expect(quote('openai', 'gpt-4o')).toMatchObject({
      ...{ kind: 'priced', as: 'gpt-4o', isGuess: false },
      terms: { rates: { input: 2_500_000n, cache_read: 1_250_000n, output: 10_000_000n } },
    });
    expect(quote('anthropic', 'claude-opus-4-1-20250805', ['claude-opus-4-1'])).toMatchObject({ isGuess: false });
  });

  it('guesses by patterns, which takes a newer model for an older one: it is said', () => {
    expect(quote('anthropic', 'claude-sonnet-5-5')).toMatchObject({ as: 'claude-sonnet-5', isGuess: true });
  });

  it('has tiers, and prices that begin on a day', () => {
    expect(quote('google', 'gemini-2.5-pro')).toMatchObject({
      terms: { steps: [{ aboveInputTokens: 200_000, rates: { input: 2_500_000n, output: 15_000_000n } }] },
    });
    const on = (day: string) => quotes.of('anthropic', 'claude-opus-4-6', [], new Date(day));
    expect(on('2026-03-01')).toMatchObject({ terms: { steps: [{ aboveInputTokens: 200_000 }] } });
    expect(on('2026-04-01')).toMatchObject({ terms: { steps: [] } });
  });

  it.each([
    ['deepseek', 'deepseek-v4-pro', 'time of day'],
    ['openai', 'omni-moderation-latest', 'no price'],
    ['openai', 'gpt-unheard-of', 'does not know'],
    ['open', 'gpt-4o', 'vendor'],
    [undefined, 'gpt-4o', 'vendor'],
  ])('of %s says nothing for %s that can be taken: %s', (source, name, reason) => {
    expect(quote(source, name)).toEqual({ kind: 'unpriced', reason: expect.stringContaining(reason) });
  });
});
