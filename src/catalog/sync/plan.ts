import { laneOf } from '../catalog-rows.js';
import { outOfStep, type PricedModel } from '../follow-official.js';
import { parseTerms, storeTerms, type PriceTerms } from '../price-rates.js';
import { factorOf } from '../price-view.js';
import type { Lane } from '../route.js';
import { lackingRate } from '../sell-price.js';
import { differences, doubtsAbout, type FieldChange } from './differences.js';
import { mergeTerms } from './merge-terms.js';
import type { Priced, Quotes } from './quote.js';

/** What a sync would do, or has done, with one model. */
export interface SyncEntry {
  readonly model: string;
  readonly vendor_id: string;
  /** `held`: changes that are only made when the model is accepted by name. */
  readonly status: 'changes' | 'held' | 'same' | 'left_alone';
  /** Why it is held or left alone; null: no reason to. */
  readonly reason: string | null;
  /** The package's name for it. */
  readonly quoted_as: string | null;
  readonly official: readonly FieldChange[];
  /** Sell prices that follow. */
  readonly prices: readonly SyncedPrice[];
  /** What of the package's price is left out here, and which prices by hand stay. */
  readonly notes: readonly string[];
}

export interface SyncedPrice {
  readonly lane: Lane;
  readonly factor: string | null;
  readonly changes: readonly FieldChange[];
}

/** An entry with the official price it makes; undefined: nothing is to be written. */
export interface Planned {
  readonly entry: SyncEntry;
  readonly official: { readonly before: PriceTerms | undefined; readonly after: PriceTerms } | undefined;
}

export interface SyncInput {
  readonly quotes: Quotes;
  /** The vendor's id in the package. */
  readonly source: string | undefined;
  readonly aliases: readonly string[];
  /** A person has looked at it. */
  readonly isAccepted: boolean;
  readonly at: Date;
}

/** Pure. */
export function planSync(model: PricedModel, { quotes, source, aliases, isAccepted, at }: SyncInput): Planned {
  const whose = ownWord(model);
  if (whose !== undefined) return leftAlone(model, whose);
  const quote = quotes.of(source, model.name, aliases, at);
  if (quote.kind === 'unpriced') return leftAlone(model, quote.reason);
  const before = model.official === null ? undefined : parseTerms(model.official);
  const after = mergeTerms(before, quote.terms);
  const official = differences(before, after);
  const head = { model: model.name, vendor_id: model.vendorId, quoted_as: quote.as };
  if (official.length === 0) {
    return { entry: { ...head, status: 'same', reason: null, official, prices: [], notes: [] }, official: undefined };
  }
  const lacking = lackingRate(after, model.supportedEndpointTypes);
  if (lacking !== undefined) return leftAlone(model, `The package states no ${lacking} price.`, quote.as);
  const doubts = [...(quote.isGuess ? [`the package knows it only by a pattern, as ${quote.as}`] : [])];
  doubts.push(...doubtsAbout(before, after));
  const isHeld = doubts.length > 0 && !isAccepted;
  return {
    entry: {
      ...head,
      status: isHeld ? 'held' : 'changes',
      reason: doubts.length > 0 ? doubts.join('; ') : null,
      official,
      prices: pricesOf(model, after),
      notes: notesOn(model, quote),
    },
    official: isHeld ? undefined : { before, after },
  };
}

/** Whoever said it knows better than a list. */
function ownWord({ officialSource, parameters }: PricedModel): string | undefined {
  if (officialSource === 'admin') return 'Its official price was set by hand.';
  const isHosted = (parameters as Record<string, unknown>)['hosts_only'] === true;
  return isHosted ? 'Hosts serve it, each at a price of its own.' : undefined;
}

function leftAlone({ name, vendorId }: PricedModel, reason: string, quotedAs: string | null = null): Planned {
  const entry = { model: name, vendor_id: vendorId, status: 'left_alone', reason, quoted_as: quotedAs } as const;
  return { entry: { ...entry, official: [], prices: [], notes: [] }, official: undefined };
}

function pricesOf(model: PricedModel, official: PriceTerms): SyncedPrice[] {
  return outOfStep([{ ...model, official: { ...storeTerms(official) } }]).flatMap(({ lane, before, after }) =>
    after === undefined
      ? []
      : [
          {
            lane,
            factor: factorOf(after.factorMillionths),
            changes: differences(before && parseTerms(before.rates), after.terms),
          },
        ],
  );
}

function notesOn(model: PricedModel, { terms }: Priced): string[] {
  const byHand = model.prices.filter(({ source }) => source === 'admin').map(({ lane }) => laneOf(lane));
  return [
    ...(terms.leftOut.length > 0 ? [`no dimension here for ${terms.leftOut.join(', ')}`] : []),
    ...byHand.map(lane => `the ${lane} price was set by hand and stays`),
  ];
}
