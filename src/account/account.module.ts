import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { AccountController } from './account.controller.js';
import { UsageController } from './usage.controller.js';

/** What a key's own calls cost, and what it has left. */
@Module({
  imports: [AuthModule, LimitsModule, UsageModule],
  controllers: [UsageController, AccountController],
})
export class AccountModule {}
