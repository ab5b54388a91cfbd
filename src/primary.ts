import { type DynamicModule, Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { register } from 'prom-client';
import { makeFirstKeys } from './admin/first-start.js';
import { Config } from './config.js';
import { Database } from './database/database.js';
import { DatabaseModule } from './database/database.module.js';
import { PrismaService } from './database/prisma.service.js';
import { greeting } from './greeting.js';
import { METRICS } from './health/metrics.js';
import { LimitsModule } from './limits/limits.module.js';
import { MemoryLimitStore } from './limits/memory-limit-store.js';
import { WorkerDesk } from './limits/worker-desk.js';
import { LazuLogger } from './logger.js';
import type { Running } from './running.js';
import { Recorder } from './usage/recorder.js';
import { UnflushedCharges } from './usage/unflushed-charges.js';
import { fork, type Forked } from './workers/fork.js';
import { alone, Host } from './workers/host.js';
import { Hub } from './workers/hub.js';
import { Supervisor } from './workers/supervisor.js';

/** Between the last answer and the end of a worker: the journal goes to PostgreSQL, connections close. */
const CLOSING_MS = 15_000;

/** What there is once per host: the database's server, limits and holds, and what dead processes left. */
@Global()
@Module({ imports: [DatabaseModule, LimitsModule], exports: [Config, Host] })
class PrimaryModule {
  static with(config: Config, host: Host): DynamicModule {
    const providers = [
      { provide: Config, useValue: config },
      { provide: Host, useValue: host },
    ];
    return { module: PrimaryModule, providers };
  }
}

/** `WORKERS` above 1: this process serves nobody; it starts those that do, and stops last. */
export async function startPrimary(config: Config): Promise<Running> {
  const host: Host = { ...alone(), role: 'primary' };
  const context = await NestFactory.createApplicationContext(PrimaryModule.with(config, host), {
    logger: new LazuLogger(config, 'primary'),
    abortOnError: false,
  });
  const firstKeys = await makeFirstKeys(context.get(PrismaService), config);
  const hub = new Hub();
  hub.on(METRICS, () => register.getMetricsAsJSON());
  const recorder = context.get(Recorder);
  const joined = (forked: Forked): (() => Promise<void>) => {
    const leave = hub.join(forked.link, () => forked.kill());
    const desk = new WorkerDesk(forked.link, context.get(MemoryLimitStore), context.get(UnflushedCharges));
    return async () => {
      leave();
      desk.close();
      await recorder.adopt(); // what it charged and could not tell any more
      await desk.clear();
    };
  };
  const supervisor = new Supervisor({
    size: config.workers,
    welcome: { instanceId: host.instanceId, databaseUrl: context.get(Database).url },
    fork,
    joined,
    stopMs: config.drainMs + config.leaveGraceMs + CLOSING_MS,
  });
  const { url, exampleModel } = await supervisor.start();
  return {
    greeting: greeting(url, firstKeys, exampleModel),
    async close() {
      await supervisor.stop();
      await context.close();
    },
    hurry: () => supervisor.hurry(),
  };
}
