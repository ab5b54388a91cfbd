import { Module } from '@nestjs/common';
import { LedgerService } from './ledger.service.js';

/** WHOSE money. */
@Module({ providers: [LedgerService], exports: [LedgerService] })
export class BillingModule {}
