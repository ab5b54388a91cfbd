import type { MatchLogic, ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import { quotedTerms, type QuotedTerms } from './quoted-terms.js';

/** What the data package says about a model. */
export type Quote = Priced | Unpriced;

export interface Priced {
  readonly kind: 'priced';
  /** The package's own name of the model. */
  readonly as: string;
  /** A pattern of the package takes the name in, but neither it nor any alias of ours is a name it lists: it may be another model. */
  readonly isGuess: boolean;
  readonly terms: QuotedTerms;
}

export interface Unpriced {
  readonly kind: 'unpriced';
  /** Why nothing can be taken from it, as a sentence for an operator. */
  readonly reason: string;
}

/** The data package, which is large and wanted rarely: read when it is asked for. Nothing is downloaded. */
export async function readPackage(): Promise<Quotes> {
  const { calcPrice, findProvider } = await import('@pydantic/genai-prices');
  return {
    of(source, name, aliases, at) {
      const provider = source === undefined ? undefined : findProvider({ providerId: source });
      if (provider === undefined || provider.id !== source) return unpriced('The package does not list this vendor.');
      // Usage of nothing: wanted is which model this is, and which of its prices is in force.
      const found = calcPrice({}, name, { provider, timestamp: at });
      if (found === null || found.provider.id !== source) return unpriced('The package does not know this model.');
      return quoteOf(found.model, found.model_price, [name, ...aliases]);
    },
  };
}

export interface Quotes {
  /**
   * @param source the vendor's id in the package; undefined: it has none
   * @param at prices change on days that are known before
   */
  of(source: string | undefined, name: string, aliases: readonly string[], at: Date): Quote;
}

function quoteOf(model: ModelInfo, price: ModelPrice, names: readonly string[]): Quote {
  if (Array.isArray(model.prices) && model.prices.some(({ constraint }) => constraint?.type === 'time_of_date')) {
    return unpriced(`Its price depends on the time of day, as ${model.id}; a price here has no clock.`);
  }
  const terms = quotedTerms(price);
  if (typeof terms === 'string') return unpriced(`${terms}, as ${model.id}.`);
  const listed = new Set([model.id, ...namesIn(model.match)]);
  return { kind: 'priced', as: model.id, isGuess: !names.some(name => listed.has(name)), terms };
}

/** The names that are spelled out whole. */
function namesIn(match: MatchLogic): string[] {
  if ('equals' in match) return [match.equals];
  return 'or' in match ? match.or.flatMap(namesIn) : [];
}

const unpriced = (reason: string): Unpriced => ({ kind: 'unpriced', reason });
