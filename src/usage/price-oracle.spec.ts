import Fraction from 'fraction.js';
import { parseTerms, storeTerms } from '../catalog/price-rates.js';
import { termsFromWire, type WireTerms } from '../catalog/price-wire.js';
import { CALL_DIMENSIONS, DIMENSIONS, type Dimension, TOKEN_DIMENSIONS } from '../protocols/usage.js';
import { priceOf } from './price.js';

/** Rows that are priced twice; `npm run prices:oracle` does a million. */
const ROWS = Number(process.env['LAZU_ORACLE_ROWS'] ?? 3_000);
const SEED = Number(process.env['LAZU_ORACLE_SEED'] ?? 20_261_122);
const PRICES = 200;

type Usd = Partial<Record<Dimension, string>>;
interface Card {
  readonly usd: Usd;
  readonly tiers: readonly {
    readonly above: number;
    readonly usd: Usd;
    readonly service: Readonly<Record<string, Usd>>;
  }[];
  readonly service: Readonly<Record<string, Usd>>;
}

/** https://en.wikipedia.org/wiki/Linear_congruential_generator with the constants of Numerical Recipes: the same rows for a seed. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  isOne(of: number): boolean {
    return this.below(of) === 0;
  }
}

const dice = new Dice(SEED);
const decimal = (): string => `${dice.below(200)}.${String(dice.below(1_000_000)).padStart(6, '0')}`;
const quantity = (): number => (dice.isOne(20) ? dice.below(2_000_000_000) : dice.below(400_000));

function rates(complete: boolean): Usd {
  const usd: Usd = {};
  for (const name of DIMENSIONS) {
    const isNeeded = complete && (name === 'input' || name === 'output' || isCall(name));
    if (isNeeded || dice.isOne(2)) usd[name] = dice.isOne(10) ? '0' : decimal();
  }
  return usd;
}

const services = (): Card['service'] =>
  Object.fromEntries(['flex', 'priority'].filter(() => dice.isOne(2)).map(name => [name, rates(false)]));

function card(): Card {
  const starts = [32_000, 200_000, 1_000_000].filter(() => dice.isOne(2));
  const tiers = starts.map(above => ({ above, usd: rates(false), service: services() }));
  return { usd: rates(true), tiers, service: services() };
}

const CALLS: ReadonlySet<string> = new Set(CALL_DIMENSIONS);
const isCall = (name: Dimension): boolean => CALLS.has(name);
const fields = (usd: Usd) =>
  Object.fromEntries(
    Object.entries(usd).map(([name, value]) => [
      isCall(name as Dimension) ? `per_${name.replace(/s$/, '')}` : `${name}_per_mtok`,
      value,
    ]),
  );
const serviceFields = (service: Card['service']) =>
  Object.fromEntries(Object.entries(service).map(([name, usd]) => [name, fields(usd)]));

/** As an admin sends it, stored and read again. */
function asLazuHasIt({ usd, tiers, service }: Card) {
  const wire: WireTerms = {
    ...fields(usd),
    tiers: tiers.map(tier => ({
      above_input_tokens: tier.above,
      ...fields(tier.usd),
      service_tiers: serviceFields(tier.service),
    })),
    service_tiers: serviceFields(service),
  };
  return { id: 'price_1', ...parseTerms(JSON.parse(JSON.stringify(storeTerms(termsFromWire(wire))))) };
}

/** Contract §13 once more, from the USD an admin wrote, in rationals: USD of each dimension, in the order of the contract. */
function oracle({ usd, tiers, service }: Card, used: ReadonlyMap<Dimension, number>, serviceTier: string | undefined) {
  const went = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'audio_input', 'image_input'] as const;
  const input = went.reduce((sum, name) => sum + (used.get(name) ?? 0), 0);
  const tier = tiers.filter(({ above }) => input > above).at(-1);
  const own = serviceTier === undefined ? undefined : (tier?.service[serviceTier] ?? service[serviceTier]);
  const inForce: Usd = { ...usd, ...tier?.usd, ...own };
  const substitutes: Partial<Record<Dimension, readonly Dimension[]>> = {
    cache_read: ['input'],
    cache_write_5m: ['input'],
    cache_write_1h: ['cache_write_5m', 'input'],
    audio_input: ['input'],
    image_input: ['input'],
    audio_output: ['output'],
    image_output: ['output'],
  };
  const amounts = new Map<Dimension, Fraction>();
  for (const [name, count] of used) {
    const rate = [name, ...(substitutes[name] ?? [])].map(one => inForce[one]).find(value => value !== undefined);
    amounts.set(name, new Fraction(rate!).mul(count).div(isCall(name) ? 1 : 1_000_000));
  }
  return amounts;
}

const PICO = new Fraction(10n ** 12n);
const MICRO = new Fraction(10n ** 6n);

it(`${ROWS} usage records cost what a rational oracle says, to the last picoUSD (seed ${SEED})`, () => {
  const cards = Array.from({ length: PRICES }, card);
  const prices = cards.map(asLazuHasIt);
  const wrong: unknown[] = [];
  for (let row = 0; row < ROWS && wrong.length < 5; row++) {
    const at = dice.below(PRICES);
    const used = new Map<Dimension, number>();
    for (const name of TOKEN_DIMENSIONS) if (dice.isOne(2)) used.set(name, 1 + quantity());
    for (const name of CALL_DIMENSIONS) if (name === 'requests' || dice.isOne(3)) used.set(name, 1 + dice.below(9));
    const serviceTier = dice.isOne(3) ? (dice.isOne(2) ? 'flex' : 'priority') : undefined;
    const charge = priceOf({ dimensions: Object.fromEntries(used), raw: {}, serviceTier }, prices[at]!);
    const amounts = oracle(cards[at]!, used, serviceTier);
    const items = new Map(charge.lineItems.map(item => [item.dimension, item.amount_pico_usd]));
    const sum = [...amounts.values()].reduce((total, amount) => total.add(amount), new Fraction(0));
    const microUsd = sum.mul(MICRO).add(new Fraction(1, 2)).floor();
    const isRight =
      items.size === amounts.size &&
      [...amounts].every(([name, amount]) => items.get(name) === amount.mul(PICO).toFraction()) &&
      microUsd.toFraction() === charge.microUsd.toString();
    if (!isRight) wrong.push({ row, card: cards[at], used: [...used], serviceTier, charge });
  }
  expect(wrong).toEqual([]);
}, 3_600_000);
