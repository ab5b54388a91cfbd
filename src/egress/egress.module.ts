import { Module } from '@nestjs/common';
import { Config } from '../config.js';
import { Egress } from './egress.js';
import { GuardedFetch } from './guarded-fetch.js';

const guardedFetch = {
  provide: GuardedFetch,
  inject: [Config],
  useFactory: ({ fetchAllow, connectTimeoutMs }: Config) =>
    new GuardedFetch(fetchAllow, { connectMs: connectTimeoutMs }),
};

@Module({ providers: [Egress, guardedFetch], exports: [Egress, GuardedFetch] })
export class EgressModule {}
