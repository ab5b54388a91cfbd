import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { Response } from 'express';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LazuError } from '../errors.js';
import type { JsonObject } from '../protocols/protocol.js';
import { ApiDocument } from './api-document.js';
import { fullText, shortText } from './markdown.js';
import { ASSETS, CONTENT_SECURITY_POLICY, PAGE, START, START_SCRIPT } from './page.js';

const ASSET_FOLDER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const AN_HOUR = 'public, max-age=3600';

/** The API, described: for programs, for people, for language models. All from one document. */
@Controller()
export class ReferenceController {
  constructor(private readonly api: ApiDocument) {}

  @Get('openapi.json')
  openapi(): JsonObject {
    return this.api.document;
  }

  @Get('api-reference')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', CONTENT_SECURITY_POLICY)
  page(): string {
    return PAGE;
  }

  /** Only files that are named: the folder holds more. */
  @Get('api-reference/:asset')
  @ApiExcludeEndpoint()
  @Header('cache-control', AN_HOUR)
  asset(@Param('asset') asset: string, @Res() response: Response): void {
    if (asset === START_SCRIPT) response.type('js').send(START);
    else if (ASSETS.some(name => name === asset)) response.sendFile(join(ASSET_FOLDER, asset), { cacheControl: false });
    else throw new LazuError('not_found', 'The API reference has no such file.');
  }

  @Get('llms.txt')
  @Header('content-type', 'text/plain; charset=utf-8')
  short(): string {
    return shortText(this.api.document);
  }

  @Get('llms-full.txt')
  @Header('content-type', 'text/plain; charset=utf-8')
  full(): string {
    return fullText(this.api.document);
  }
}
