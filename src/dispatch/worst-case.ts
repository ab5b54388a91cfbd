import type { Price, PriceTier, Rates, Route } from '../catalog/route.js';
import type { RequestFacts } from '../protocols/protocol.js';
import type { Dimension } from '../protocols/usage.js';

const PICO_PER_MICRO = 1_000_000n;
/**
 * What vendors put before a request: 676 tokens at most with tools of the caller's (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing),
 * and about as much for each tool that they bring along themselves.
 */
const HIDDEN_PROMPT_TOKENS = 1_024;
/** What one use of a tool that the vendor runs brings into the conversation; pages that it reads may be longer. */
const TOOL_RESULT_TOKENS = 8_192;
/** How often such a tool is used where nobody has said. */
const USUAL_USES = 5;

/** Tokens of one image at most, by vendor: https://platform.claude.com/docs/en/build-with-claude/vision#evaluate-image-size */
const IMAGE_TOKENS: ReadonlyMap<string, number> = new Map([['anthropic', 4_784]]);
/** Where the vendor sets no bound, or older models exceed it: GPT-4o mini's tiles. https://platform.openai.com/docs/guides/images-vision#calculating-costs */
const DEAREST_IMAGE_TOKENS = 36_835;

const INPUT = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'audio_input', 'image_input'] as const;
const OUTPUT = ['output', 'audio_output', 'image_output'] as const;

export interface WorstCase {
  /** Rounded up. */
  readonly microUsd: bigint;
  /** The dearest token of output. */
  readonly outputPicoUsd: bigint;
}

/**
 * The most that a request can cost at its dearest candidate, as far as can be told before it is sent: what a hold is taken for
 * (contract §13). Deterministic.
 * @param outputTokens of one answer
 */
export function worstCase(facts: RequestFacts, routes: readonly Route[], outputTokens: number): WorstCase {
  const answers = BigInt(facts.n);
  let dearest = 0n;
  let dearestOutput = 0n;
  for (const { price, model } of routes) {
    const input = inputBound(facts, model.vendorId);
    const highest = highestRates(price, facts, input);
    let call = BigInt(input) * highest.input + BigInt(outputTokens) * highest.output + highest.of('requests');
    for (const { dimension, uses = USUAL_USES } of facts.vendorTools) {
      if (dimension) call += BigInt(uses) * highest.of(dimension);
    }
    dearest = max(dearest, answers * call);
    dearestOutput = max(dearestOutput, highest.output);
  }
  return { microUsd: (dearest + PICO_PER_MICRO - 1n) / PICO_PER_MICRO, outputPicoUsd: dearestOutput };
}

/** Tokens that one answer reads at most. @param vendorId who made the model that answers */
export function inputBound({ inputTokensBound, images, vendorTools }: RequestFacts, vendorId: string): number {
  let tokens = inputTokensBound + images * (IMAGE_TOKENS.get(vendorId) ?? DEAREST_IMAGE_TOKENS) + HIDDEN_PROMPT_TOKENS;
  for (const { uses = USUAL_USES } of vendorTools) tokens += HIDDEN_PROMPT_TOKENS + uses * TOOL_RESULT_TOKENS;
  return tokens;
}

/** The highest rates that may count. */
interface Highest {
  readonly input: bigint;
  readonly output: bigint;
  of(dimension: Dimension): bigint;
}

/** Prices never change, and are asked with every request: by how many context tiers are in reach, and the service tier. */
const known = new WeakMap<Price, Map<string, Highest>>();

function highestRates(price: Price, { n, serviceTier }: RequestFacts, input: number): Highest {
  const tiers = price.tiers.filter(({ aboveInputTokens }) => n * input > aboveInputTokens);
  const service =
    serviceTier !== undefined && (serviceTier === 'auto' || isPriced(price, serviceTier)) ? serviceTier : '';
  const name = `${tiers.length} ${service}`;
  let asked = known.get(price);
  if (!asked) known.set(price, (asked = new Map<string, Highest>()));
  let highest = asked.get(name);
  if (!highest) asked.set(name, (highest = highestOf(ratesThatMayCount([price, ...tiers], service))));
  return highest;
}

/** Whether a price names this service tier, at any length of context. What callers write is compared, and never remembered. */
export const isPriced = (price: Price, tier: string): boolean =>
  [price, ...price.tiers].some(({ serviceTiers = {} }) => Object.hasOwn(serviceTiers, tier));

function highestOf(tables: readonly Rates[]): Highest {
  const of = (dimension: Dimension): bigint => tables.reduce((most, rates) => max(most, rates[dimension] ?? 0n), 0n);
  const among = (names: readonly Dimension[]): bigint => names.reduce((most, name) => max(most, of(name)), 0n);
  return { input: among(INPUT), output: among(OUTPUT), of };
}

/**
 * Context tiers count where the input may reach them, by the sum of all answers to be safe. A service tier counts when it is asked for, and every
 * one when the vendor is asked to choose.
 */
function ratesThatMayCount(reached: readonly (Price | PriceTier)[], service: string): Rates[] {
  return reached.flatMap(({ rates, serviceTiers = {} }) => {
    if (service === 'auto') return [rates, ...Object.values(serviceTiers)];
    return Object.hasOwn(serviceTiers, service) ? [rates, serviceTiers[service]!] : [rates];
  });
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
