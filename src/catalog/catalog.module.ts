import { Module } from '@nestjs/common';
import { Config } from '../config.js';
import { ChangeFeed } from '../database/change-feed.js';
import { PrismaService } from '../database/prisma.service.js';
import { Host } from '../workers/host.js';
import { CatalogService } from './catalog.service.js';
import { ChannelsService } from './channels.service.js';
import { CredentialBox } from './credential-box.js';
import { ModelsService } from './models.service.js';
import { PriceRulesService } from './price-rules.service.js';
import { PricesService } from './prices.service.js';
import { PriceSyncService } from './sync/price-sync.service.js';

/** WHAT may be asked for: models, prices, channels. */
@Module({
  providers: [
    { provide: CredentialBox, inject: [Config], useFactory: (config: Config) => CredentialBox.create(config) },
    {
      provide: CatalogService,
      inject: [PrismaService, CredentialBox, ChangeFeed, Host],
      useFactory: (prisma: PrismaService, box: CredentialBox, feed: ChangeFeed, { siblings }: Host) =>
        CatalogService.create(prisma, box, feed, siblings),
    },
    ChannelsService,
    ModelsService,
    PriceRulesService,
    PricesService,
    PriceSyncService,
  ],
  exports: [
    CatalogService,
    ChannelsService,
    CredentialBox,
    ModelsService,
    PriceRulesService,
    PricesService,
    PriceSyncService,
  ],
})
export class CatalogModule {}
