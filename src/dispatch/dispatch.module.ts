import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { ChannelTester } from '../catalog/channel-tester.js';
import { EgressModule } from '../egress/egress.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { Attempts } from './attempts.js';
import { ChannelHealth } from './channel-health.js';
import { DispatchChannelTester } from './dispatch-channel-tester.js';
import { DispatchService } from './dispatch.service.js';
import { EnvironmentChannels } from './environment-channels.js';
import { InlineParts } from './inline-parts.js';
import { LongDrains } from './long-drains.js';
import { Reservations } from './reservation.js';
import { RouteOrder } from './route-order.js';
import { StreamedAnswers } from './streamed-answers.js';
import { TokenCounts } from './token-counts.js';
import { UsualOutput } from './usual-output.js';
import { WholeAnswers } from './whole-answers.js';

@Module({
  imports: [AuthModule, CatalogModule, EgressModule, LimitsModule, UsageModule],
  providers: [
    Attempts,
    InlineParts,
    ChannelHealth,
    DispatchService,
    { provide: ChannelTester, useClass: DispatchChannelTester },
    EnvironmentChannels,
    LongDrains,
    Reservations,
    RouteOrder,
    StreamedAnswers,
    TokenCounts,
    UsualOutput,
    WholeAnswers,
  ],
  exports: [DispatchService, ChannelTester],
})
export class DispatchModule {}
