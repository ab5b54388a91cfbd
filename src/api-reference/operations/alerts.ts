import { ref } from '../schemas/schema.js';
import { pageOf, type Operations } from './operation.js';

const alerts = { tag: 'Admin: alerts' } as const;
const kinds = [
  'Told once when it is crossed: `balance_below` when the balance (without holds) falls below `threshold_micro_usd`, again after it was',
  'above; `spend_reached` when the account has spent `threshold_micro_usd` in this `period` (UTC), once each; `key_quota_used` when the',
  'key `key_id` has used `threshold_percent` of its quota, once in each of its periods. Looked at within a second of what changes it.',
].join(' ');

export const alertOperations: Operations = {
  'POST /api/admin/accounts/{id}/alerts': {
    ...alerts,
    status: 201,
    summary: 'Make a budget alert',
    description: kinds,
    answer: ref('BudgetAlert'),
  },
  'GET /api/admin/accounts/{id}/alerts': {
    ...alerts,
    summary: 'List the budget alerts of an account',
    answer: pageOf('BudgetAlert'),
  },
  'GET /api/admin/alerts/{id}': { ...alerts, summary: 'Read a budget alert', answer: ref('BudgetAlert') },
  'PATCH /api/admin/alerts/{id}': {
    ...alerts,
    summary: 'Change a budget alert',
    description: 'Fields that are absent stay. It is armed again: what is crossed then is told.',
    answer: ref('BudgetAlert'),
  },
  'DELETE /api/admin/alerts/{id}': { ...alerts, summary: 'Delete a budget alert', answer: ref('DeletedBudgetAlert') },
  'POST /api/admin/webhooks': {
    ...alerts,
    status: 201,
    summary: 'Make a webhook',
    description: [
      'Where events are posted, as JSON, signed as https://www.standardwebhooks.com says. The answer holds the signing `secret`, this once.',
      '`url` may point anywhere the operator wants, private networks included; redirects are not followed. An event is tried again for three',
      'days, then given up; it may arrive twice, by the same `webhook-id`.',
    ].join(' '),
    answer: ref('CreatedWebhook'),
  },
  'GET /api/admin/webhooks': { ...alerts, summary: 'List webhooks, newest first', answer: pageOf('Webhook') },
  'GET /api/admin/webhooks/{id}': { ...alerts, summary: 'Read a webhook', answer: ref('Webhook') },
  'PATCH /api/admin/webhooks/{id}': {
    ...alerts,
    summary: 'Change a webhook',
    description:
      'Fields that are absent stay. What waits for it goes where it points then; while it is disabled it waits.',
    answer: ref('Webhook'),
  },
  'DELETE /api/admin/webhooks/{id}': {
    ...alerts,
    summary: 'Delete a webhook, with what waits for it',
    answer: ref('DeletedWebhook'),
  },
  'POST /api/admin/webhooks/{id}/test': {
    ...alerts,
    summary: 'Post an event `webhook.test` now',
    description: 'What the receiver answers is the result, not an error. Not tried again.',
    answer: ref('WebhookTest'),
  },
  'GET /api/admin/webhooks/{id}/deliveries': {
    ...alerts,
    summary: 'What was, and is to be, delivered to a webhook',
    description: 'Newest first. Kept for 30 days.',
    answer: pageOf('WebhookDelivery'),
  },
};
