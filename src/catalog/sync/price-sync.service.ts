import { Injectable } from '@nestjs/common';
import { PrismaService } from '../../database/prisma.service.js';
import type { Trail } from '../../database/trail.js';
import { CatalogService } from '../catalog.service.js';
import { compareWithPackage, takeFromPackage, type SyncOptions, type SyncReport } from './price-sync.js';

/** What `npm run prices:sync` does, while Lazu runs. */
@Injectable()
export class PriceSyncService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly catalog: CatalogService,
  ) {}

  /** @throws LazuError model_not_found */
  compare(options: SyncOptions): Promise<SyncReport> {
    return compareWithPackage(this.prisma, options);
  }

  /** In force here before this resolves. @throws LazuError model_not_found */
  async apply(options: SyncOptions, trail: Trail): Promise<SyncReport> {
    const report = await takeFromPackage(this.prisma, options, trail);
    await this.catalog.refresh();
    return report;
  }
}
