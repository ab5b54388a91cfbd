import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import type { EndpointType, Lane, Route } from '../catalog/route.js';
import { Config } from '../config.js';
import { Cancel } from '../egress/cancel.js';
import { LazuError } from '../errors.js';
import type { Answer, InferenceCall } from '../http/inference.js';
import { LimitStore } from '../limits/limit-store.js';
import type { Inbound, RequestFacts } from '../protocols/protocol.js';
import { isOutput, isTokens } from '../protocols/usage.js';
import { MeterService } from '../usage/meter.service.js';
import type { UsageRecord } from '../usage/usage-record.js';
import { endingOf } from './ending.js';
import type { Job } from './job.js';
import { Reservations } from './reservation.js';
import { RouteOrder } from './route-order.js';
import { StreamedAnswers } from './streamed-answers.js';
import { type CountingInbound, TokenCounts } from './token-counts.js';
import { Trail } from './trail.js';
import { unpricedNeed } from './unpriced.js';
import { UsualOutput } from './usual-output.js';
import { WholeAnswers } from './whole-answers.js';

/** The one way out: nothing reaches a provider but through here, so no endpoint can forget to meter. */
@Injectable()
export class DispatchService implements BeforeApplicationShutdown {
  readonly #open = new Set<Open>();

  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(LimitStore) private readonly limits: LimitStore,
    private readonly catalog: CatalogService,
    private readonly reservations: Reservations,
    private readonly usualOutput: UsualOutput,
    private readonly routeOrder: RouteOrder,
    private readonly meters: MeterService,
    private readonly whole: WholeAnswers,
    private readonly streamed: StreamedAnswers,
    private readonly counts: TokenCounts,
  ) {}

  /**
   * Reserve, route, attempt, meter.
   * @param endpoint who is called through it (contract §3)
   * @throws LazuError in the contract's words, as long as nothing was sent
   */
  run(call: InferenceCall, inbound: Inbound, endpoint: EndpointType): Promise<Answer> {
    const facts = inbound.readFacts(call.skim, call.raw.length);
    return this.#dispatch(
      call,
      { inbound, facts, endpoint: 'chat' },
      endpoint,
      facts.stream ? this.streamed : this.whole,
    );
  }

  /**
   * How many tokens the input of this request has: free, one request for the limits, recorded with charge 0 (contract §8).
   * @param inbound has `writeCount`
   */
  count(call: InferenceCall, inbound: CountingInbound, endpoint: EndpointType): Promise<Answer> {
    const facts = {
      ...inbound.readFacts(call.skim, call.raw.length),
      stream: false,
      n: 1,
      needs: [],
      serviceTier: undefined,
    };
    return this.#dispatch(call, { inbound, facts, endpoint: 'count-tokens' }, endpoint, this.counts);
  }

  async #dispatch(
    call: InferenceCall,
    asked: Pick<Job, 'inbound' | 'facts' | 'endpoint'>,
    endpoint: EndpointType,
    way: Pick<WholeAnswers, 'answer'>,
  ): Promise<Answer> {
    const { inbound, facts } = asked;
    const lane = laneOf(call);
    const {
      model,
      routes: unordered,
      cheapestFirst,
    } = this.catalog.candidates(call.caller, facts.model, endpoint, lane);
    const priced = unordered.filter(route => unpricedNeed(facts, route) === undefined);
    if (priced.length === 0) throw unpriced(facts, unpricedNeed(facts, unordered[0]!));
    const reserved = this.reservations.reserve(call, facts, priced, asked.endpoint === 'count-tokens');
    const given = reserved instanceof Promise ? await reserved : reserved;

    const { routes, candidates } = this.routeOrder.order(priced, cheapestFirst);
    const trail = new Trail(candidates);
    const cancel = new Cancel();
    const deadline = setTimeout(() => cancel.cancel(tookTooLong()), this.config.totalTimeoutMs);
    const open: Open = { cancel, gone: call.gone };
    const onClose = (record: UsageRecord) => {
      this.#open.delete(open);
      clearTimeout(deadline);
      this.#settle(record, facts.n);
    };
    try {
      const meter = this.meters.open({
        requestId: call.requestId,
        accountId: call.caller.accountId,
        keyId: call.caller.keyId,
        startedAt: call.startedAt,
        endpoint: call.path,
        protocol: inbound.name,
        stream: facts.stream,
        model: facts.model,
        catalogModel: model.name,
        onClose,
      });
      this.#open.add(open);
      const job: Job = { call, ...asked, ...given, meter, trail, cancel };
      return await this.#answer(job, routes, way);
    } catch (thrown) {
      clearTimeout(deadline);
      this.limits.release(call.requestId);
      throw withHeaders(LazuError.from(thrown), given.limitHeaders);
    }
  }

  /**
   * The drain is over: answers that still run end with an error that says so. Callers who have left are owed their grace, for the
   * usage that may still come.
   */
  async beforeApplicationShutdown(): Promise<void> {
    for (const { cancel, gone } of this.#open) if (!gone.reason) cancel.cancel(shutDown());
    const patience = performance.now() + this.config.leaveGraceMs;
    while (this.#open.size > 0 && performance.now() < patience) await sleep(20);
    for (const { cancel } of this.#open) cancel.cancel(shutDown());
  }

  /** A failure before the first byte has its record too, before the caller sees it. */
  async #answer(job: Job, routes: readonly Route[], way: Pick<WholeAnswers, 'answer'>): Promise<Answer> {
    try {
      return await way.answer(job, routes);
    } catch (thrown) {
      const error = LazuError.from(thrown);
      job.call.gone.listen(undefined);
      job.meter.routing(job.trail.asRouting(routes[0]?.channel.lane ?? null));
      await job.meter.close(endingOf(job, error));
      throw error;
    }
  }

  #settle(record: UsageRecord, answers: number): void {
    let tokens = 0;
    let output = 0;
    for (const { name, quantity } of record.dimensions) {
      if (isTokens(name)) tokens += quantity;
      if (isOutput(name)) output += quantity;
    }
    if (record.status === 'completed' && output > 0) this.usualOutput.saw(record.catalog_model, output / answers);
    if (record.status === 'failed' && record.charge_micro_usd === 0) this.limits.release(record.request_id);
    else this.limits.settle(record.request_id, BigInt(record.charge_micro_usd), tokens);
  }
}

/** A request that has a meter which is not closed yet. */
type Open = Pick<Job, 'cancel'> & Pick<InferenceCall, 'gone'>;

/** `X-Lazu-Lane` narrows what the key prefers. */
function laneOf(call: InferenceCall): Lane | undefined {
  const lane = call.headers['x-lazu-lane'];
  if (lane === undefined || lane === '') return undefined;
  if (lane === 'direct' || lane === 'cheap') return lane;
  throw new LazuError('invalid_value', 'The header `X-Lazu-Lane` must be `direct` or `cheap`.', {
    param: 'X-Lazu-Lane',
  });
}

function unpriced(facts: RequestFacts, need: string | undefined): LazuError {
  const message = `No price is set for ${need} on ${facts.model}; the operator has to set one before it can be used.`;
  return new LazuError('price_unavailable', message);
}

const shutDown = () =>
  new LazuError('service_unavailable', 'This host is shutting down. Please try again.', { retryAfter: 1 });

const tookTooLong = () => new LazuError('upstream_timeout', 'The answer took longer than this gateway allows.');

function withHeaders(error: LazuError, headers: Readonly<Record<string, string>>): LazuError {
  const { param, retryAfter, status, cause } = error;
  return new LazuError(error.code, error.message, {
    param,
    retryAfter,
    status,
    cause,
    headers: { ...headers, ...error.headers },
  });
}
