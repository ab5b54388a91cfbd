import type { PriceTerms } from '../price-rates.js';
import type { Rates } from '../route.js';
import { readSeed } from './seed-file.js';
import { termsOf } from './seed-terms.js';

const files = readSeed();
const models = files.flatMap(file => file.models);
const names = new Map(models.flatMap(model => [model.name, ...model.aliases].map(name => [name, model])));

/** contract.md §3, "Names that must resolve in the default catalog", and the dated forms of the starred ones. */
const CONTRACT = [
  ...['gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'o1', 'o3-mini'],
  ...['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5.1', 'gpt-5.2', 'gpt-5.4', 'gpt-5.5', 'gpt-5.6'],
  ...['claude-haiku-4-5', 'claude-haiku-4-5-20251001', 'claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
  ...['claude-opus-4-5', 'claude-opus-4-5-20251101', 'claude-opus-4-1', 'claude-opus-5-5'],
  ...['gemini-2.5-flash', 'gemini-2.5-pro', 'deepseek-chat', 'deepseek-v3', 'deepseek-reasoner'],
  ...['kimi-k2', 'kimi-k2-thinking', 'grok-4', 'grok-4-fast', 'grok-4-0709', 'grok-4-1-fast-reasoning'],
  ...['BAAI/bge-m3', 'text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'],
  ...['gemini-embedding-001', 'lazu/sandbox'],
];

describe('the default catalog', () => {
  it.each(CONTRACT)('resolves %s', name => expect(names.get(name)).toBeDefined());

  it('uses every name and alias once', () => {
    const all = models.flatMap(model => [model.name, ...model.aliases]);
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
  });

  it('was compared with its sources, which every vendor but our own names', () => {
    for (const file of files) {
      expect(file.models.filter(model => model.created > file.checked)).toEqual([]);
      if (file.vendor.id !== 'lazu') expect(file.sources.length).toBeGreaterThan(0);
    }
    expect(new Set(files.map(file => file.vendor.id)).size).toBe(files.length);
  });

  it('prices input and output of every model; other kinds of token follow them', () => {
    expect(offenders(({ rates }) => rates.input !== undefined && rates.output !== undefined)).toEqual([]);
  });

  it('is free only where that is meant', () => {
    expect(offenders(({ rates }) => (rates.input ?? 0n) + (rates.requests ?? 0n) > 0n)).toEqual([
      'gemma-4-31b-it',
      'gemma-4-26b-a4b-it',
      'lazu/sandbox',
      'omni-moderation-latest',
    ]);
  });

  it('never charges more for a cache hit than for fresh input, nor less for a longer lifetime', () => {
    const sane = (rates: Rates) =>
      (rates.cache_read ?? 0n) <= (rates.input ?? 0n) &&
      (rates.cache_write_1h === undefined || (rates.cache_write_5m ?? 0n) <= rates.cache_write_1h);
    expect(
      offenders(({ rates, tiers }) => [rates, ...tiers.map(tier => ({ ...rates, ...tier.rates }))].every(sane)),
    ).toEqual([]);
  });

  it('costs more, not less, the longer the context', () => {
    expect(
      offenders(({ rates, tiers }) =>
        tiers.every(
          tier => (tier.rates.input ?? 0n) > (rates.input ?? 0n) && (tier.rates.output ?? 0n) > (rates.output ?? 0n),
        ),
      ),
    ).toEqual([]);
  });

  it('keeps its numbers in bounds', () => {
    const wrong = models.filter(
      model =>
        (model.context && model.max_output && model.max_output > model.context) ||
        (model.deprecated && model.deprecated <= model.created),
    );
    expect(wrong.map(model => model.name)).toEqual([]);
  });
});

/** Names of the models whose price does not hold. */
function offenders(holds: (terms: PriceTerms) => boolean): string[] {
  return models.filter(model => !holds(termsOf(model.price))).map(model => model.name);
}
