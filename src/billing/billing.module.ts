import { Module } from '@nestjs/common';
import { CheckpointsService } from './checkpoints.service.js';
import { LedgerService } from './ledger.service.js';
import { TiersService } from './tiers.service.js';

/** WHOSE money. */
@Module({ providers: [CheckpointsService, LedgerService, TiersService], exports: [LedgerService] })
export class BillingModule {}
