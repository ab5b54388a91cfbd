import { Controller, Get, Query } from '@nestjs/common';
import { IsIn, IsOptional } from 'class-validator';
import { AdminRole } from '../auth/admin.guard.js';
import { UsageService } from '../usage/usage.service.js';
import type { StoredRecord } from '../usage/record-query.js';
import type { UsageStatus } from '../usage/usage-record.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';
import { IsIsoDateTime, IsText } from './validators.js';

/** Filters; all of them together. */
export class RequestsQuery extends PageQuery {
  @IsOptional()
  @IsText(1, 100)
  request_id?: string;

  /** The `reference` of a ledger entry of the kind `usage`: the requests that it charges, those of other accounts too. */
  @IsOptional()
  @IsText(1, 100)
  batch_id?: string;

  @IsOptional()
  @IsText(1, 100)
  account_id?: string;

  @IsOptional()
  @IsText(1, 100)
  key_id?: string;

  /** Catalog name. */
  @IsOptional()
  @IsText(1, 200)
  model?: string;

  @IsOptional()
  @IsText(1, 100)
  channel_id?: string;

  @IsOptional()
  @IsIn(['completed', 'failed', 'left', 'interrupted'])
  status?: UsageStatus;

  @IsOptional()
  @IsText(1, 100)
  error_code?: string;

  /** Came in at or after this moment. */
  @IsOptional()
  @IsIsoDateTime()
  from?: string;

  /** Came in before this moment. */
  @IsOptional()
  @IsIsoDateTime()
  to?: string;
}

/** The whole record; `id` is its `request_id`, as in every list. */
export type RequestView = StoredRecord & { readonly id: string; readonly object: 'request' };

@Controller('api/admin/requests')
@AdminRole('viewer')
export class RequestsController {
  constructor(private readonly usage: UsageService) {}

  /** Newest first. Records arrive here within a second of their end. */
  @Get()
  async search(@Query() query: RequestsQuery): Promise<Page<RequestView>> {
    const records = await this.usage.search({
      ...sliceOf(query),
      requestId: query.request_id,
      batchId: query.batch_id,
      accountId: query.account_id,
      keyId: query.key_id,
      model: query.model,
      channelId: query.channel_id,
      status: query.status,
      errorCode: query.error_code,
      from: query.from === undefined ? undefined : new Date(query.from),
      to: query.to === undefined ? undefined : new Date(query.to),
    });
    return pageOf(
      records.map(record => ({ id: record.request_id, object: 'request' as const, ...record })),
      query,
    );
  }
}
