import { Controller, Get, Query } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsOptional, Matches } from 'class-validator';
import { AdminRole } from '../auth/admin.guard.js';
import { DayRange, daysOf } from '../usage/day-range.js';
import { GROUPINGS, type Grouping, type UsageSums } from '../usage/rollup-query.js';
import { UsageService } from '../usage/usage.service.js';
import { IsText } from './validators.js';

/** What a grouping looks like. */
const GROUPING = new RegExp(`^(?:${GROUPINGS.join('|')}|label:.{1,64})$`, 'su');
const MOST_GROUPINGS = 10;
/** As many as a key may have. */
const MOST_LABELS = 16;

/** `?from&to&group_by=account,model` and filters; days are UTC. */
export class AdminUsageQuery extends DayRange {
  /** Divided by commas, or each by itself; `day` when left out. */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @Matches(GROUPING, { each: true, message: `each group_by must be one of ${GROUPINGS.join(', ')}, or label:<name>` })
  @IsText(1, 80, { each: true })
  @ArrayUnique()
  @ArrayMaxSize(MOST_GROUPINGS)
  @IsArray()
  group_by: Grouping[] = ['day'];

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
  @IsIn(['direct', 'cheap'])
  lane?: 'direct' | 'cheap';

  /** `team:web`: of keys that have this label now; several: all of them. */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value))
  @Matches(/:/, { each: true, message: 'each label must be name:value' })
  @IsText(1, 600, { each: true })
  @ArrayMaxSize(MOST_LABELS)
  @IsArray()
  label?: string[];
}

export interface AdminUsageReport {
  readonly object: 'usage_report';
  readonly from: string;
  readonly to: string;
  readonly group_by: readonly Grouping[];
  /** At most 1,000 groups: the earliest days, else the dearest. */
  readonly data: readonly UsageSums[];
  readonly total: UsageSums;
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
      labels: query.label,
    };
    const report = await this.usage.report(filter, query.group_by);
    return { object: 'usage_report', ...days, group_by: query.group_by, ...report };
  }
}
