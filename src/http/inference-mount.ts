import { Inject, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Admission } from '../auth/admission.js';
import { Config } from '../config.js';
import { LazuError } from '../errors.js';
import { Cancel } from '../egress/cancel.js';
import { clientIp, type ClientIp } from './client-ip.js';
import { answerCors } from './cors.js';
import { Draining, refuseWhenDraining } from './draining.js';
import { type Answer, INFERENCE_ROUTE, type InferenceCall, type InferenceRoute } from './inference.js';
import { cutQueryKey } from './query-key.js';
import { expectJson, parseJsonObject, readBody } from './read-body.js';
import { nameRequest, newRequestId, requestIdHeaders } from './request-id.js';
import { RouteTable } from './route-table.js';
import { sendRefusal } from './send-refusal.js';
import { drainInto } from './sink.js';

interface Mounted {
  readonly method: string;
  readonly inbound: InferenceRoute['inbound'];
  handle(call: InferenceCall): Promise<Answer>;
}

const LEFT = new Error('the caller left');

/**
 * Inference routes, taken in front of Express on the same HTTP server: Express and Nest's router together cost half of what a bare
 * proxy does. Controllers stay ordinary DI-wired classes; this finds those that carry `@Inference`.
 */
@Injectable()
export class InferenceMount implements OnApplicationBootstrap {
  readonly #routes = new RouteTable<Mounted>();
  readonly #logger = new Logger(InferenceMount.name);
  readonly #ipOf: ClientIp;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly admission: Admission,
    private readonly draining: Draining,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {
    this.#ipOf = clientIp(config.trustProxy);
  }

  onApplicationBootstrap(): void {
    for (const { instance } of this.discovery.getControllers()) {
      const controller = instance as Record<string, (call: InferenceCall) => Promise<Answer>>;
      for (const name of this.scanner.getAllMethodNames(Object.getPrototypeOf(controller) as object)) {
        const route = this.reflector.get<InferenceRoute | undefined>(INFERENCE_ROUTE, controller[name]!);
        if (route) this.#routes.add(route.path, { ...route, handle: call => controller[name]!(call) });
      }
    }
  }

  /** @returns false when the path is none of ours: Express takes it */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    const target = request.url ?? '/';
    const query = target.indexOf('?');
    const path = query < 0 ? target : target.slice(0, query);
    const found = this.#routes.find(path);
    if (!found) return false;
    const { value: route, params } = found;
    let queryKey: string | undefined;
    if (query >= 0) ({ url: request.url, key: queryKey } = cutQueryKey(target));
    const requestId = newRequestId();
    if (request.headers.origin !== undefined) {
      nameRequest(response, requestId, route.inbound.requestIdHeader);
      if (answerCors(request, response, this.config.corsOrigins)) return true;
    }
    const finished = this.draining.begin();
    this.#serve(route, request, response, { requestId, path, params, queryKey })
      .catch((error: unknown) => this.#refuse(route.inbound, response, requestId, error))
      .finally(finished);
    return true;
  }

  async #serve(
    route: Mounted,
    request: IncomingMessage,
    response: ServerResponse,
    {
      requestId,
      path,
      params,
      queryKey,
    }: Pick<InferenceCall, 'requestId' | 'path' | 'params'> & { queryKey: string | undefined },
  ): Promise<void> {
    if (request.method !== route.method) throw methodNotAllowed(route.method, response);
    if (this.draining.started) throw refuseWhenDraining(response);
    const identified = this.admission.identify(request.headers, queryKey, this.#ipOf(request));
    const caller = identified instanceof Promise ? await identified : identified;
    const startedAt = Date.now();
    expectJson(request.headers['content-type']);
    const raw = await readBody(request, this.config.maxBodyBytes);
    const { skim, body } = parseJsonObject(raw);
    const gone = new Cancel();
    response.once('close', () => gone.cancel(LEFT));
    const query = queryOf(request.url);
    const call = { requestId, caller, startedAt, path, params, query, raw, skim, body, headers: request.headers, gone };
    const answer = await route.handle(call);
    Object.assign(answer.headers, requestIdHeaders(requestId, route.inbound.requestIdHeader));
    await drainInto(response, answer, gone, this.config.writeStallMs);
  }

  #refuse(inbound: Mounted['inbound'], response: ServerResponse, requestId: string, thrown: unknown): void {
    const error = LazuError.from(thrown);
    if (error.code === 'internal_error') this.#logger.error({ requestId, err: error.cause ?? error });
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    nameRequest(response, requestId, inbound.requestIdHeader);
    sendRefusal(response, error, inbound.writeError(error, requestId).body);
  }
}

const NO_QUERY = new URLSearchParams();

function queryOf(url = ''): URLSearchParams {
  const start = url.indexOf('?');
  return start < 0 ? NO_QUERY : new URLSearchParams(url.slice(start));
}

function methodNotAllowed(method: string, response: ServerResponse): LazuError {
  response.setHeader('allow', method);
  return new LazuError('method_not_allowed', `Use ${method} on this path.`);
}
