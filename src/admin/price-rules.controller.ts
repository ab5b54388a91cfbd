import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import {
  PriceRulesService,
  type ChangedRule,
  type DeletedRule,
  type PriceRuleView,
} from '../catalog/price-rules.service.js';
import type { Lane } from '../catalog/route.js';
import { LaneName } from './lane-name.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';
import { PutPriceRuleDto } from './prices.dto.js';

@Controller('api/admin/price-rules')
@AdminRole('admin')
export class PriceRulesController {
  constructor(
    private readonly rules: PriceRulesService,
    private readonly audit: AuditService,
  ) {}

  @Get()
  @AdminRole('viewer')
  async list(@Query() query: PageQuery): Promise<Page<PriceRuleView>> {
    return pageOf(await this.rules.list(sliceOf(query)), query);
  }

  @Put(':vendor/:lane')
  put(
    @Param('vendor') vendor: string,
    @Param('lane', LaneName) lane: Lane,
    @Body() body: PutPriceRuleDto,
    @CurrentActor() actor: Actor,
  ): Promise<ChangedRule<PriceRuleView>> {
    return this.rules.put(vendor, lane, body.factor, this.audit.trailOf(actor));
  }

  @Delete(':vendor/:lane')
  delete(
    @Param('vendor') vendor: string,
    @Param('lane', LaneName) lane: Lane,
    @CurrentActor() actor: Actor,
  ): Promise<ChangedRule<DeletedRule>> {
    return this.rules.delete(vendor, lane, this.audit.trailOf(actor));
  }
}
