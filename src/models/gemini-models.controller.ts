import { Controller, Get, Param, Query } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller, ForCallers } from '../auth/caller.guard.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { GeminiPage } from './gemini-page.dto.js';
import { geminiList, geminiModel } from './gemini-shape.js';

/** What a key may ask for, in Gemini's shape. */
@Controller('v1beta/models')
@ForCallers()
export class GeminiModelsController {
  constructor(private readonly catalog: CatalogService) {}

  @Get()
  list(@CurrentCaller() caller: Caller, @Query() page: GeminiPage): object {
    return geminiList(this.catalog.list(caller), page);
  }

  /** Ids may contain slashes, raw or as %2F. */
  @Get('*id')
  get(@CurrentCaller() caller: Caller, @Param('id') id: string[]): object {
    return geminiModel(this.catalog.get(caller, Array.isArray(id) ? id.join('/') : id));
  }
}
