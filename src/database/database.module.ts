import { Global, Module } from '@nestjs/common';
import { Config } from '../config.js';
import { Host } from '../workers/host.js';
import { ChangeFeed } from './change-feed.js';
import { Database } from './database.js';
import { Instances } from './instances.js';
import { PrismaService } from './prisma.service.js';

/** PostgreSQL for every room that owns a table. */
@Global()
@Module({
  providers: [
    { provide: Database, inject: [Config], useFactory: (config: Config) => Database.open(config) },
    { provide: ChangeFeed, inject: [Database], useFactory: (database: Database) => ChangeFeed.open(database) },
    {
      provide: Instances,
      inject: [Database, Host, Config],
      useFactory: (database: Database, host: Host, { redisUrl }: Config) =>
        Instances.open(database, host, redisUrl !== undefined),
    },
    PrismaService,
  ],
  exports: [Database, ChangeFeed, Instances, PrismaService],
})
export class DatabaseModule {}
