import { join } from 'node:path';
import {
  Inject,
  Injectable,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { LedgerService } from '../billing/ledger.service.js';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { Host } from '../workers/host.js';
import { Backlog } from './backlog.js';
import { ChargeBook, RemoteCharges } from './charge-book.js';
import { Journal } from './journal/journal.js';
import { MeterService } from './meter.service.js';
import { usageMetrics } from './metrics.js';
import { Partitions } from './partitions.js';
import { RecordQueue } from './record-queue.js';
import { RecordedAccounts } from './recorded-accounts.js';
import { Recorder } from './recorder.js';
import { SumsSnapshots } from './sums-snapshots.js';
import { UnflushedCharges } from './unflushed-charges.js';
import { UsageService } from './usage.service.js';

/** All journals of an installation lie under here. */
const rootOf = (config: Config): string => join(config.dataDir, 'journal');

function openJournal(config: Config, queue: RecordQueue): Journal {
  const log = new Logger(Journal.name);
  const watch = {
    problem: (message: string) => {
      usageMetrics.journalProblems.inc();
      log.error(message);
    },
    recovered: (message: string) => log.log(message),
  };
  return new Journal(
    { root: rootOf(config), sync: config.journalSync, maxBytes: config.journalMaxBytes },
    (records, segment) => queue.push(records, segment),
    watch,
  );
}

/** Starts recording when the process starts; at its end, records what is left and closes the journal. */
@Injectable()
export class RecorderLife implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly recorder: Recorder,
    private readonly journal: Journal,
    /** First the partitions, then the rows. */
    private readonly partitions: Partitions,
    @Inject(Host) private readonly host: Host,
  ) {}

  async onModuleInit(): Promise<void> {
    const isOncePerHost = this.host.role !== 'worker';
    if (isOncePerHost) await this.partitions.begin();
    await this.recorder.start(isOncePerHost);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.recorder.stop();
  }

  onApplicationShutdown(): Promise<void> {
    return this.journal.end();
  }
}

/** WHAT did it cost. */
@Module({
  imports: [BillingModule],
  providers: [
    { provide: RecordQueue, useFactory: () => new RecordQueue() },
    { provide: Journal, inject: [Config, RecordQueue], useFactory: openJournal },
    {
      provide: Recorder,
      inject: [Config, Database, RecordQueue, Journal, LedgerService, ChargeBook, UnflushedCharges, RecordedAccounts],
      useFactory: (
        config: Config,
        database: Database,
        queue: RecordQueue,
        journal: Journal,
        ledger: LedgerService,
        charges: ChargeBook,
        unflushed: UnflushedCharges,
        recorded: RecordedAccounts,
      ): Recorder =>
        new Recorder({
          database,
          queue,
          journal,
          backlog: new Backlog(rootOf(config), journal, records => unflushed.ended(records)),
          ledger: config.billing === 'prepaid' ? ledger : undefined,
          charges,
          recorded,
          root: rootOf(config),
        }),
    },
    RecordedAccounts,
    SumsSnapshots,
    UnflushedCharges,
    {
      provide: ChargeBook,
      inject: [Host, UnflushedCharges, Config],
      // Whose limits are in Redis keeps its own charges, as a host does.
      useFactory: ({ primary }: Host, charges: UnflushedCharges, { redisUrl }: Config): ChargeBook =>
        primary && redisUrl === undefined ? new RemoteCharges(primary) : charges,
    },
    RecorderLife,
    MeterService,
    Partitions,
    UsageService,
  ],
  exports: [MeterService, RecordedAccounts, SumsSnapshots, UnflushedCharges, UsageService],
})
export class UsageModule {}
