import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Express } from 'express';
import type { Server } from 'node:http';
import { FirstStart, type FirstKeys } from './admin/first-start.js';
import { ApiDocument } from './api-reference/api-document.js';
import { AppModule } from './app.module.js';
import { CatalogService } from './catalog/catalog.service.js';
import type { Config } from './config.js';
import { ErrorFilter } from './error.filter.js';
import { clientIp } from './http/client-ip.js';
import { Draining } from './http/draining.js';
import { expressFront } from './http/express-front.js';
import { InferenceMount } from './http/inference-mount.js';
import { jsonBody } from './http/json-body.js';
import { LazuAdapter } from './http/lazu-adapter.js';
import { LazuLogger } from './logger.js';
import { validationPipe } from './http/validation.js';
import { alone, type Host } from './workers/host.js';

export interface RunningApp {
  /** Close it with `app.close()`. */
  readonly app: INestApplication;
  readonly url: string;
  /** What the very first start made, in clear. */
  readonly firstKeys: FirstKeys | undefined;
  /** A chat model that this install can call, for the printed example. */
  readonly exampleModel: string | undefined;
}

/**
 * The whole application, wired and listening on `config.port` (0: any free one).
 * @param mayListen awaited before the port opens, when everything else is ready
 */
export async function createApp(
  config: Config,
  host: Host = alone(),
  mayListen: () => Promise<void> = () => Promise.resolve(),
): Promise<RunningApp> {
  const adapter = new LazuAdapter();
  adapter.disable('x-powered-by');
  const app = await NestFactory.create(AppModule.with(config, host), adapter, {
    logger: new LazuLogger(config, host.worker === undefined ? undefined : `worker ${host.worker}`),
    abortOnError: false,
    bodyParser: false,
  });
  adapter.getInstance<Express>().disable('x-powered-by');
  app.use(expressFront(clientIp(config.trustProxy), config.corsOrigins, app.get(Draining)));
  app.use(jsonBody);
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ErrorFilter());
  await app.init();
  const firstKeys = await app.get(FirstStart).run();
  app.get(ApiDocument).describe(app);
  const mount = app.get(InferenceMount);
  adapter.mountInFront((request, response) => mount.take(request, response));
  await mayListen();
  await app.listen(config.port, config.host);
  const address = (app.getHttpServer() as Server).address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  const url = `http://${config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host}:${port}`;
  const models = app.get(CatalogService).entries({ allowedModels: undefined, lanes: {} });
  const exampleModel = models.find(model => model.supported_endpoint_types.includes('chat'))?.model_name;
  return { app, url, firstKeys, exampleModel };
}
