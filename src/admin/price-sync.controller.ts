import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import { PriceSyncService } from '../catalog/sync/price-sync.service.js';
import type { SyncReport } from '../catalog/sync/price-sync.js';
import { SyncPricesDto } from './prices.dto.js';

@Controller('api/admin/prices/sync')
@AdminRole('admin')
export class PriceSyncController {
  constructor(
    private readonly sync: PriceSyncService,
    private readonly audit: AuditService,
  ) {}

  /** What would change. */
  @Get()
  @AdminRole('viewer')
  compare(): Promise<SyncReport> {
    return this.sync.compare({});
  }

  @Post()
  @HttpCode(200)
  apply(@Body() body: SyncPricesDto, @CurrentActor() actor: Actor): Promise<SyncReport> {
    return this.sync.apply(body ?? {}, this.audit.trailOf(actor));
  }
}
