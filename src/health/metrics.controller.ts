import { Controller, Get, Header, Inject, type OnModuleInit } from '@nestjs/common';
import { register } from 'prom-client';
import { Host } from '../workers/host.js';
import { METRICS, metricsText, ownMetrics } from './metrics.js';

/** Prometheus: what the rooms count, in all processes of this host. */
@Controller()
export class MetricsController implements OnModuleInit {
  constructor(@Inject(Host) private readonly host: Host) {}

  onModuleInit(): Promise<void> {
    return this.host.siblings.follow(METRICS, ownMetrics);
  }

  @Get('metrics')
  @Header('content-type', register.contentType)
  async metrics(): Promise<string> {
    return metricsText(await this.host.siblings.ask(METRICS, undefined));
  }
}
