import { Controller, Get, Headers, Param, Query } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller, ForCallers } from '../auth/caller.guard.js';
import type { CatalogEntry } from '../catalog/catalog-entry.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { AnthropicPage } from './anthropic-page.dto.js';
import { anthropicList, anthropicModel } from './anthropic-shape.js';
import { openaiList, openaiModel } from './openai-shape.js';

/** What a key may ask for: OpenAI's list, Anthropic's when the caller speaks Anthropic, and the catalog with prices. */
@Controller()
@ForCallers()
export class ModelListController {
  constructor(private readonly catalog: CatalogService) {}

  @Get('v1/models')
  list(
    @CurrentCaller() caller: Caller,
    @Headers('anthropic-version') anthropic: string | undefined,
    @Query() page: AnthropicPage,
  ): object {
    const models = this.catalog.list(caller);
    return anthropic === undefined ? openaiList(models) : anthropicList(models, page);
  }

  /** Ids may contain slashes, raw or as %2F. */
  @Get('v1/models/*id')
  get(
    @CurrentCaller() caller: Caller,
    @Headers('anthropic-version') anthropic: string | undefined,
    @Param('id') id: string[],
  ): object {
    const model = this.catalog.get(caller, Array.isArray(id) ? id.join('/') : id);
    return anthropic === undefined ? openaiModel(model) : anthropicModel(model);
  }

  @Get('api/models/catalog')
  entries(@CurrentCaller() caller: Caller): { readonly data: readonly CatalogEntry[] } {
    return { data: this.catalog.entries(caller) };
  }
}
