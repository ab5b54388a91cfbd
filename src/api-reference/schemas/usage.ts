import { DIMENSIONS } from '../../protocols/usage.js';
import {
  anyObject,
  exactly,
  flag,
  integer,
  listOf,
  mapOf,
  moment,
  nullable,
  number,
  object,
  oneOf,
  text,
  type Schema,
} from './schema.js';

const STATUSES = ['completed', 'failed', 'left', 'interrupted'];
const GROUPINGS = ['day', 'account', 'key', 'model', 'lane'];

const dimension = oneOf(DIMENSIONS);
const pico = text('An integer as a decimal string; 1 USD = 10¹² picoUSD.', { pattern: '^\\d+$' });
const lane = nullable(oneOf(['direct', 'cheap']));
const day = text('UTC.', { format: 'date' });
const ms = nullable(number('Milliseconds since the request was identified; null: it never happened.'));

const routing: Readonly<Record<string, Schema>> = {
  lane,
  candidates: listOf(
    object({ channel: text(), provider: text(), reason: text('Why it stands where it does.') }),
    'In the order in which they would be tried.',
  ),
  attempts: listOf(
    object({
      channel: text(),
      upstream_model: text(),
      outcome: text('`ok` or an error code.'),
      upstream_status: nullable(integer()),
      upstream_request_id: nullable(text()),
      duration_ms: number(),
    }),
  ),
};
const timings: Readonly<Record<string, Schema>> = { dispatched_ms: ms, first_byte_ms: ms, total_ms: number() };
const dimensions = listOf(
  object({ name: dimension, quantity: integer() }),
  "Disjoint: token dimensions sum to the provider's total.",
);
const reasoningTokens = nullable(integer('The part of `output` that was reasoning; null: the provider does not say.'));
const lineItems = listOf(
  object({ dimension, quantity: integer(), unit_price_pico_usd: pico, amount_pico_usd: pico }),
  'Quantity × unit price, per dimension.',
);
const charge = integer('The sum of the line items, rounded once, half up.');
const priceId = nullable(text('The version of the price that was in force.'));
const rawUsage = nullable(anyObject("The vendor's usage object as it came."));

const outcome: Readonly<Record<string, Schema>> = {
  endpoint: text(),
  stream: flag(),
  model: text('As requested; an alias stays an alias.'),
  resolved_model: nullable(text('What ran upstream; null when nothing did.')),
  status: oneOf(STATUSES, '`left`: the caller did; `interrupted`: Lazu was killed.'),
  http_status: integer('What the caller got.'),
  error_code: nullable(text()),
};
const trust: Readonly<Record<string, Schema>> = {
  usage_source: oneOf(['provider', 'drained', 'estimated', 'none'], 'Where the figures come from.'),
  usage_mismatch: flag("The dimensions do not sum to the provider's total."),
};

const sums: Schema = object(
  {
    day,
    account_id: text(),
    key_id: text(),
    model: text(),
    lane,
    labels: mapOf(nullable(text()), 'By name, as the keys have them now; null: of keys without it.'),
    requests: integer(),
    failures: integer(),
    input_tokens: integer('Cached ones included.'),
    cache_read_tokens: integer(),
    output_tokens: integer(),
    charge_micro_usd: integer(),
  },
  ['day', 'account_id', 'key_id', 'model', 'lane', 'labels'],
);

const report = (groupBy: Schema, total: Schema): Schema =>
  object({
    object: exactly('usage_report'),
    from: day,
    to: day,
    group_by: groupBy,
    data: listOf(sums, 'What it is grouped by stands in front.'),
    total,
  });

/** What was metered: the views of `account/`, and the record itself for operators. */
export const usageSchemas: Readonly<Record<string, Schema>> = {
  RequestUsage: object({
    object: exactly('request_usage'),
    request_id: text(),
    ...outcome,
    usage: object({ dimensions, reasoning_tokens: reasoningTokens }),
    billing: object({ line_items: lineItems, charge_micro_usd: charge, price_id: priceId }),
    ...trust,
    provider_usage: object({ raw_fields: rawUsage }),
    routing: object({ ...routing, reason: nullable(text('Why the one that answered was chosen.')) }),
    timings: object({ started_at: moment(), ended_at: moment(), ...timings }),
  }),
  UsageReport: report(oneOf(GROUPINGS), sums),
  AdminUsageReport: report(listOf(text('Also `label:<name>`.')), sums),
  AccountStanding: object({
    object: exactly('account_standing'),
    account_id: text(),
    key_id: text(),
    billing: oneOf(['off', 'prepaid']),
    balance_micro_usd: nullable(integer('With the charges that are not posted yet. Null with `BILLING=off`.')),
    held_micro_usd: nullable(integer('What requests under way hold of it.')),
    available_micro_usd: nullable(integer('Balance less held.')),
    tier: nullable(text('Null with `BILLING=off`.')),
    limits: object({ rpm: nullable(integer()), tpm: nullable(integer()) }),
    quota: nullable(
      object({
        limit_micro_usd: integer(),
        period: oneOf(['total', 'day', 'month']),
        used_micro_usd: integer(),
        held_micro_usd: integer('What requests under way hold of it.'),
        remaining_micro_usd: integer(),
        resets_at: nullable(moment('When the next period begins; null: never.')),
      }),
    ),
  }),
  Request: object({
    id: text('The `request_id` again: what `after` takes.'),
    object: exactly('request'),
    request_id: text(),
    account_id: text(),
    key_id: text(),
    started_at: moment(),
    ended_at: moment(),
    protocol: text(),
    ...outcome,
    catalog_model: text('What an alias stood for.'),
    vendor_id: nullable(text()),
    provider: nullable(text()),
    channel_id: nullable(text()),
    lane,
    ...trust,
    dimensions,
    reasoning_tokens: reasoningTokens,
    line_items: lineItems,
    charge_micro_usd: charge,
    price_id: priceId,
    batch_id: text(
      'With what it was recorded: the `reference` of the ledger entry of the kind `usage` that charges it.',
    ),
    provider_usage: rawUsage,
    routing: object(routing),
    timings: object(timings),
  }),
};
