import { Controller, Get, Query } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsOptional, IsString, Length } from 'class-validator';
import { AdminRole } from '../auth/admin.guard.js';
import { DayRange, daysOf } from '../usage/day-range.js';
import { GROUPINGS, type Grouping, type UsageSums } from '../usage/rollup-query.js';
import { UsageService } from '../usage/usage.service.js';

/** `?from&to&group_by=account,model` and filters; days are UTC. */
export class AdminUsageQuery extends DayRange {
  /** Divided by commas; `day` when left out. */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsIn(GROUPINGS, { each: true })
  @ArrayUnique()
  @ArrayMaxSize(GROUPINGS.length)
  @IsArray()
  group_by: Grouping[] = ['day'];

  @IsOptional()
  @Length(1, 100)
  @IsString()
  account_id?: string;

  @IsOptional()
  @Length(1, 100)
  @IsString()
  key_id?: string;

  /** Catalog name. */
  @IsOptional()
  @Length(1, 200)
  @IsString()
  model?: string;

  @IsOptional()
  @IsIn(['direct', 'cheap'])
  lane?: 'direct' | 'cheap';
}

export interface AdminUsageReport {
  readonly object: 'usage_report';
  readonly from: string;
  readonly to: string;
  readonly group_by: readonly Grouping[];
  /** At most 1,000 groups: the earliest days, else the dearest. */
  readonly data: readonly UsageSums[];
  readonly total: UsageSums | null;
}

/** What everybody's calls cost, from the daily sums. */
@Controller('api/admin/usage')
@AdminRole('viewer')
export class AdminUsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  async report(@Query() query: AdminUsageQuery): Promise<AdminUsageReport> {
    const days = daysOf(query, Date.now());
    const filter = {
      ...days,
      accountId: query.account_id,
      keyId: query.key_id,
      model: query.model,
      lane: query.lane,
    };
    const [data, [total]] = await Promise.all([this.usage.sums(filter, query.group_by), this.usage.sums(filter, [])]);
    return { object: 'usage_report', ...days, group_by: query.group_by, data, total: total ?? null };
  }
}
