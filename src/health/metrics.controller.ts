import { Controller, Get, Header } from '@nestjs/common';
import { register } from 'prom-client';

/** Prometheus: what the rooms count, and the process itself. */
@Controller()
export class MetricsController {
  @Get('metrics')
  @Header('content-type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }
}
