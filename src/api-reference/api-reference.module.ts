import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ApiDocument } from './api-document.js';
import { ReferenceController } from './reference.controller.js';
import { Routes } from './routes.js';

@Module({ imports: [DiscoveryModule], controllers: [ReferenceController], providers: [ApiDocument, Routes] })
export class ApiReferenceModule {}
