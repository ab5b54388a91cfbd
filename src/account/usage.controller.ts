import { Controller, Get, Param, Query } from '@nestjs/common';
import { IsIn } from 'class-validator';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller, ForCallers } from '../auth/caller.guard.js';
import { LazuError } from '../errors.js';
import { DayRange, daysOf } from '../usage/day-range.js';
import { UsageService } from '../usage/usage.service.js';
import { requestUsageOf, type RequestUsage, type UsageReport } from './usage-view.js';

/** `?from&to&group_by=day|model|key` */
export class UsageQuery extends DayRange {
  @IsIn(['day', 'model', 'key'])
  group_by: 'day' | 'model' | 'key' = 'day';
}

/** What a key's own calls cost (contract §14). A key never sees another's, not even of its own account. */
@Controller('api/usage')
@ForCallers()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  /** Sums of whole days, UTC. */
  @Get()
  async sums(@Query() query: UsageQuery, @CurrentCaller() caller: Caller): Promise<UsageReport> {
    const days = daysOf(query, Date.now());
    const own = { ...days, accountId: caller.accountId, keyId: caller.keyId };
    return {
      object: 'usage_report',
      ...days,
      group_by: query.group_by,
      ...(await this.usage.report(own, [query.group_by])),
    };
  }

  /** One request, at once where it was served and within a second anywhere else. */
  @Get('requests/:request_id')
  async request(@Param('request_id') requestId: string, @CurrentCaller() caller: Caller): Promise<RequestUsage> {
    const record = await this.usage.record(requestId, caller.keyId);
    if (!record) {
      throw new LazuError('request_not_found', 'This key has made no request with this id.', { param: 'request_id' });
    }
    return requestUsageOf(record);
  }
}
