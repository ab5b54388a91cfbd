import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { ALERT_KINDS, type AlertKind } from '../alerts/budget.js';
import { EVENT_TYPES, type EventType } from '../alerts/webhook-event.js';
import { IsReceiverUrl, IsText, MayBeAbsent } from './validators.js';

class AlertDto {
  /** Of `balance_below` and `spend_reached`. */
  @MayBeAbsent()
  @Max(Number.MAX_SAFE_INTEGER)
  @Min(1)
  @IsInt()
  threshold_micro_usd?: number;

  /** Of `key_quota_used`. */
  @MayBeAbsent()
  @Max(100)
  @Min(1)
  @IsInt()
  threshold_percent?: number;

  /** Of `spend_reached`; UTC. */
  @MayBeAbsent()
  @IsIn(['day', 'month'])
  period?: 'day' | 'month';

  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class CreateAlertDto extends AlertDto {
  @IsIn(ALERT_KINDS)
  kind!: AlertKind;

  /** Of `key_quota_used`: a key of this account. */
  @MayBeAbsent()
  @IsText(1, 100)
  key_id?: string;
}

export class UpdateAlertDto extends AlertDto {}

class WebhookDto {
  /** Empty or absent: all. */
  @MayBeAbsent()
  @IsIn(EVENT_TYPES, { each: true })
  @ArrayMaxSize(20)
  @IsArray()
  events?: EventType[];

  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class CreateWebhookDto extends WebhookDto {
  @IsText(1, 200)
  name!: string;

  @IsReceiverUrl()
  url!: string;

  /** Null or absent: events of every account. */
  @IsOptional()
  @IsText(1, 100)
  account_id?: string | null;
}

export class UpdateWebhookDto extends WebhookDto {
  @MayBeAbsent()
  @IsText(1, 200)
  name?: string;

  @MayBeAbsent()
  @IsReceiverUrl()
  url?: string;
}
