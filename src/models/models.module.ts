import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { GeminiModelsController } from './gemini-models.controller.js';
import { ModelListController } from './model-list.controller.js';

/** The endpoints that say what a key may ask for. */
@Module({ imports: [AuthModule, CatalogModule], controllers: [GeminiModelsController, ModelListController] })
export class ModelsModule {}
