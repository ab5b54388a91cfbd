import { Module } from '@nestjs/common';
import { LedgerService } from './ledger.service.js';
import { TiersService } from './tiers.service.js';

/** WHOSE money. */
@Module({ providers: [LedgerService, TiersService], exports: [LedgerService] })
export class BillingModule {}
