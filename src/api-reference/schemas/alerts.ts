import { exactly, flag, integer, listOf, moment, nullable, object, oneOf, text, type Schema } from './schema.js';

const KINDS = ['balance_below', 'key_quota_used', 'spend_reached'];

const webhook: Readonly<Record<string, Schema>> = {
  id: text(),
  object: exactly('webhook'),
  name: text(),
  url: text(),
  account_id: nullable(text('Null: events of every account.')),
  events: listOf(oneOf(KINDS.map(kind => `budget.${kind}`)), 'Empty: all.'),
  enabled: flag(),
  created_at: moment(),
  updated_at: moment(),
};

const deleted = (name: string): Schema => object({ id: text(), object: exactly(name), deleted: exactly(true) });

/** What the routes of budget alerts and webhooks answer, and what webhooks are sent. */
export const alertSchemas: Readonly<Record<string, Schema>> = {
  BudgetAlert: object({
    id: text(),
    object: exactly('budget_alert'),
    account_id: text(),
    key_id: nullable(text('Of `key_quota_used`.')),
    kind: oneOf(KINDS),
    threshold_micro_usd: nullable(integer('Of `balance_below` and `spend_reached`.')),
    threshold_percent: nullable(integer('Of `key_quota_used`.')),
    period: nullable(oneOf(['day', 'month'])),
    enabled: flag(),
    crossed: flag('It has been told, and was not armed again when it was last looked at.'),
    crossed_at: nullable(moment('When it was last told.')),
    created_at: moment(),
    updated_at: moment(),
  }),
  DeletedBudgetAlert: deleted('budget_alert'),
  Webhook: object(webhook),
  CreatedWebhook: object({ ...webhook, secret: text('`whsec_…`: in this answer and never again.') }),
  DeletedWebhook: deleted('webhook'),
  WebhookTest: object({
    object: exactly('webhook_test'),
    ok: flag('The receiver answered with a 2xx.'),
    event_id: text(),
    duration_ms: integer(),
    status: nullable(integer('Of the answer; null: there was none.')),
    answer: nullable(text('Its beginning.')),
    error: nullable(text('Why there was none.')),
  }),
  WebhookDelivery: object({
    id: text(),
    object: exactly('webhook_delivery'),
    webhook_id: text(),
    event_id: text('The `webhook-id` of every attempt.'),
    event_type: text(),
    status: oneOf(['pending', 'delivered', 'failed']),
    attempts: integer(),
    next_attempt_at: nullable(moment('Null: it is over.')),
    last_status: nullable(integer('HTTP status of the last answer; null: there was none.')),
    last_error: nullable(
      text('What the last attempt failed with: the beginning of the answer, or why there was none.'),
    ),
    created_at: moment(),
    finished_at: nullable(moment()),
  }),
};
