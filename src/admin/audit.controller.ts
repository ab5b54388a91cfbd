import { Controller, Get, Query } from '@nestjs/common';
import { IsOptional } from 'class-validator';
import { AdminRole } from '../auth/admin.guard.js';
import { AuditService, type AuditView } from '../auth/audit.service.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';
import { IsText } from './validators.js';

export class AuditQuery extends PageQuery {
  /** `key.delete`, `account.update` … */
  @IsOptional()
  @IsText(1, 100)
  action?: string;

  @IsOptional()
  @IsText(1, 100)
  target_type?: string;

  @IsOptional()
  @IsText(1, 200)
  target_id?: string;
}

@Controller('api/admin/audit')
@AdminRole('viewer')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  async list(@Query() query: AuditQuery): Promise<Page<AuditView>> {
    const { action, target_type: targetType, target_id: targetId } = query;
    return pageOf(await this.audit.list({ ...sliceOf(query), action, targetType, targetId }), query);
  }
}
