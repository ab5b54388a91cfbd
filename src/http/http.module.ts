import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { Draining } from './draining.js';
import { InferenceMount } from './inference-mount.js';

@Module({
  imports: [DiscoveryModule, AuthModule],
  providers: [InferenceMount, Draining],
  exports: [InferenceMount, Draining],
})
export class HttpModule {}
