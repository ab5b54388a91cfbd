import { type DynamicModule, Global, Module } from '@nestjs/common';
import { AccountModule } from './account/account.module.js';
import { AdminModule } from './admin/admin.module.js';
import { ApiReferenceModule } from './api-reference/api-reference.module.js';
import { CompletionsModule } from './completions/completions.module.js';
import { Config } from './config.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import { ModelsModule } from './models/models.module.js';
import { PaymentsModule } from './payments/payments.module.js';
import { alone, Host } from './workers/host.js';

/** The list of rooms. */
@Global()
@Module({
  imports: [
    DatabaseModule,
    HttpModule,
    CompletionsModule,
    ModelsModule,
    AccountModule,
    PaymentsModule,
    AdminModule,
    HealthModule,
    ApiReferenceModule,
  ],
  exports: [Config, Host],
})
export class AppModule {
  /** One application, one configuration: it is passed, so that a test can boot several side by side. */
  static with(config: Config, host: Host = alone()): DynamicModule {
    const providers = [
      { provide: Config, useValue: config },
      { provide: Host, useValue: host },
    ];
    return { module: AppModule, providers };
  }
}
