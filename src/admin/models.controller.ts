import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import type { ModelView } from '../catalog/model-view.js';
import { ModelsService } from '../catalog/models.service.js';
import type { PriceView } from '../catalog/price-view.js';
import { PricesService, type DeletedPrice } from '../catalog/prices.service.js';
import type { Lane } from '../catalog/route.js';
import { LazuError } from '../errors.js';
import { LaneName } from './lane-name.js';
import { PutModelDto, PutPriceDto } from './models.dto.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';

/** Express gives a name with slashes as its parts; one written with %2F as one part, decoded. */
const nameOf = (parts: string | string[]): string => (Array.isArray(parts) ? parts.join('/') : parts);

@Controller('api/admin/models')
@AdminRole('admin')
export class ModelsController {
  constructor(
    private readonly models: ModelsService,
    private readonly prices: PricesService,
    private readonly audit: AuditService,
  ) {}

  @Put('*model/prices/:lane')
  putPrice(
    @Param('model') model: string[],
    @Param('lane', LaneName) lane: Lane,
    @Body() body: PutPriceDto,
    @CurrentActor() actor: Actor,
  ): Promise<PriceView> {
    return this.prices.put(nameOf(model), lane, body, this.audit.trailOf(actor));
  }

  @Delete('*model/prices/:lane')
  deletePrice(
    @Param('model') model: string[],
    @Param('lane', LaneName) lane: Lane,
    @CurrentActor() actor: Actor,
  ): Promise<DeletedPrice> {
    return this.prices.delete(nameOf(model), lane, this.audit.trailOf(actor));
  }

  @Get()
  @AdminRole('viewer')
  async list(@Query() query: PageQuery): Promise<Page<ModelView>> {
    return pageOf(await this.models.list(sliceOf(query)), query);
  }

  @Get('*model')
  @AdminRole('viewer')
  get(@Param('model') model: string[]): Promise<ModelView> {
    return this.models.get(nameOf(model));
  }

  @Put('*model')
  put(@Param('model') model: string[], @Body() body: PutModelDto, @CurrentActor() actor: Actor): Promise<ModelView> {
    const name = nameOf(model);
    if (name.length > 200)
      throw new LazuError('invalid_value', 'A name has at most 200 characters.', { param: 'model' });
    return this.models.put(name, body, this.audit.trailOf(actor));
  }

  @Delete('*model')
  async delete(@Param('model') model: string[], @CurrentActor() actor: Actor) {
    const name = nameOf(model);
    await this.models.delete(name, this.audit.trailOf(actor));
    return { id: name, object: 'catalog_model', deleted: true };
  }
}
