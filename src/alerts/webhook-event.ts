import { ulid } from 'ulid';
import { ALERT_KINDS, periodOf, type AlertKind, type Watched } from './budget.js';

/** What a webhook can ask for. */
export type EventType = `budget.${AlertKind}`;
export const EVENT_TYPES: readonly EventType[] = ALERT_KINDS.map(kind => `budget.${kind}` as const);

/** Something that webhooks are told. The body follows https://www.standardwebhooks.com: `type`, `timestamp`, `data`. */
export interface WebhookEvent {
  /** `evt_<ULID>`: the same in every attempt, so that a receiver can tell what it had before. */
  readonly id: string;
  readonly type: EventType | 'webhook.test';
  /** JSON. */
  readonly body: string;
}

/** @param at ms since 1970 @param figure the balance, or what was spent in the period, microUSD */
export function crossingEvent(alert: Watched, figure: bigint, at: number): WebhookEvent {
  const isBalance = alert.kind === 'balance_below';
  const period = alert.kind === 'key_quota_used' ? (alert.quotaPeriod ?? 'total') : alert.period;
  return eventOf(`budget.${alert.kind}`, at, {
    alert_id: alert.id,
    account_id: alert.accountId,
    key_id: alert.keyId,
    threshold_micro_usd: numberOf(alert.thresholdMicroUsd),
    threshold_percent: alert.thresholdPercent,
    period,
    period_start: isBalance || period === 'total' ? null : periodOf(alert, at),
    quota_micro_usd: numberOf(alert.quotaMicroUsd),
    balance_micro_usd: isBalance ? Number(figure) : null,
    spent_micro_usd: isBalance ? null : Number(figure),
  });
}

export function testEvent(webhookId: string, at: number): WebhookEvent {
  return eventOf('webhook.test', at, { webhook_id: webhookId });
}

function eventOf(type: WebhookEvent['type'], at: number, data: object): WebhookEvent {
  return { id: `evt_${ulid()}`, type, body: JSON.stringify({ type, timestamp: new Date(at).toISOString(), data }) };
}

const numberOf = (amount: bigint | null): number | null => (amount === null ? null : Number(amount));
