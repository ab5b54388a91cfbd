import { DIMENSIONS } from '../../protocols/usage.js';
import { usdOf } from '../decimal.js';
import type { PriceTerms } from '../price-rates.js';
import { fieldOf } from '../price-usd.js';
import type { PriceTier, Rates } from '../route.js';

/** One field that is another afterwards: rates as decimal strings of USD. */
export interface FieldChange {
  /** `input_per_mtok`, `tiers.0.above_input_tokens`, `service_tiers.flex.input_per_mtok` */
  readonly field: string;
  /** Null: it was not there. */
  readonly from: string | null;
  readonly to: string | null;
}

interface Value {
  readonly amount: bigint;
  readonly text: string;
}

export function differences(before: PriceTerms | undefined, after: PriceTerms): FieldChange[] {
  const from = before ? fieldsOf(before) : new Map<string, Value>();
  const to = fieldsOf(after);
  return [...new Set([...to.keys(), ...from.keys()])].flatMap(field => {
    const [was, is] = [from.get(field), to.get(field)];
    return was?.amount === is?.amount ? [] : [{ field, from: was?.text ?? null, to: is?.text ?? null }];
  });
}

/** More than so many times as much, or less, is no change of a price but likely a mistake. */
const JUMP = 5n;

/**
 * Why a change should be looked at by a person before it is made, in words; none when there is no reason. Trap 7: nothing becomes free
 * because a list has a gap.
 */
export function doubtsAbout(before: PriceTerms | undefined, after: PriceTerms): string[] {
  const from = before ? fieldsOf(before) : new Map<string, Value>();
  const doubts = [...fieldsOf(after)].flatMap(([field, is]) => {
    const was = from.get(field);
    if (is.amount === was?.amount || field.endsWith(START)) return [];
    if (is.amount === 0n) return [`${field} becomes free`];
    if (was === undefined) return [];
    if (was.amount === 0n) return [`${field} was free and would cost ${is.text}`];
    const isJump = is.amount > JUMP * was.amount || was.amount > JUMP * is.amount;
    return isJump ? [`${field} goes from ${was.text} to ${is.text}`] : [];
  });
  return after.tiers.length < (before?.tiers.length ?? 0) ? [...doubts, 'a context tier ends'] : doubts;
}

const START = '.above_input_tokens';

/** Every number of it by its path. */
function fieldsOf(terms: PriceTerms): Map<string, Value> {
  const found = new Map<string, Value>();
  const add = (path: string, rates: Rates): void => {
    for (const dimension of DIMENSIONS) {
      const amount = rates[dimension];
      if (amount !== undefined) found.set(`${path}${fieldOf(dimension)}`, { amount, text: usdOf(amount, dimension) });
    }
  };
  const addAll = (path: string, tiers: PriceTier['serviceTiers'] = {}): void => {
    for (const [name, rates] of Object.entries(tiers)) add(`${path}service_tiers.${name}.`, rates);
  };
  add('', terms.rates);
  terms.tiers.forEach(({ aboveInputTokens, rates, serviceTiers }, at) => {
    found.set(`tiers.${at}${START}`, { amount: BigInt(aboveInputTokens), text: String(aboveInputTokens) });
    add(`tiers.${at}.`, rates);
    addAll(`tiers.${at}.`, serviceTiers);
  });
  addAll('', terms.serviceTiers);
  return found;
}
