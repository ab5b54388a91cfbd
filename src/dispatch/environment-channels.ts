import { Inject, Injectable, OnModuleInit } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import type { EnvironmentChannelSpec } from '../catalog/route.js';
import { Config } from '../config.js';
import { environmentChannels } from '../providers/environment.js';

/** Channels that environment keys make by themselves (contract §16), and the sandbox by `SANDBOX`. */
@Injectable()
export class EnvironmentChannels implements OnModuleInit {
  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly catalog: CatalogService,
  ) {}

  onModuleInit(): void {
    const { environment, sandbox } = this.config;
    const specs: EnvironmentChannelSpec[] = [...environmentChannels(environment)];
    if (sandbox !== 'off') {
      specs.push({
        id: 'env:sandbox',
        provider: 'sandbox',
        baseUrl: undefined,
        credential: undefined,
        priority: 0,
        serves: { vendors: ['lazu'] },
        onlyWhenAlone: sandbox === 'auto',
      });
    }
    this.catalog.setEnvironmentChannels(specs);
  }
}
