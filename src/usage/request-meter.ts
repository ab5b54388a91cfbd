import type { Route } from '../catalog/route.js';
import { DIMENSIONS, tokensOf, type Usage } from '../protocols/usage.js';
import type { Delivery, Ending, Meter, Opening } from './meter.js';
import { isQuantity, priceOf } from './price.js';
import type { Routing, UsageRecord, UsageSource } from './usage-record.js';

const NO_ROUTING: Routing = Object.freeze({ lane: null, candidates: [], attempts: [] });
const INT4_MAX = 2_147_483_647;
/** What nginx logs for a client that closed the request; no caller ever sees it. */
const CLIENT_CLOSED = 499;

/** ISO 8601 of milliseconds. Requests that start or end in the same millisecond, of which a busy process has many, share one. */
function isoTimes(): (ms: number) => string {
  let last = NaN;
  let text = '';
  return ms => {
    if (ms !== last) {
      text = new Date(ms).toISOString();
      last = ms;
    }
    return text;
  };
}
const startedIso = isoTimes();
const endedIso = isoTimes();

/** The figures that count for a request, and where they come from. */
interface Figures {
  readonly source: UsageSource;
  readonly usage: Usage | undefined;
}

/** One request's meter: collects what `dispatch` sees and turns it, once, into the record. */
export class RequestMeter implements Meter {
  #route: Route | undefined;
  #dispatchedAt: number | undefined;
  #firstByteAt: number | undefined;
  #usage: Usage | undefined;
  #resolvedModel: string | null = null;
  #routing: Routing = NO_ROUTING;
  #closed: Promise<UsageRecord> | undefined;

  /** @param keep puts the record into the journal; called once */
  constructor(
    private readonly opening: Opening,
    private readonly keep: (record: UsageRecord) => Promise<UsageRecord>,
  ) {}

  get requestId(): string {
    return this.opening.requestId;
  }

  route(route: Route): void {
    this.#route = route;
    this.#dispatchedAt ??= Date.now();
    this.#usage = undefined; // a failed attempt costs nothing
    this.#resolvedModel = null;
  }

  firstByte(): void {
    this.#firstByteAt ??= Date.now();
  }

  see(usage: Usage): void {
    this.#usage = usage;
  }

  resolvedModel(name: string): void {
    this.#resolvedModel = name;
  }

  routing(routing: Routing): void {
    this.#routing = routing;
  }

  close(ending: Ending): Promise<UsageRecord> {
    return (this.#closed ??= this.keep(this.#record(ending)));
  }

  #record(ending: Ending): UsageRecord {
    const { opening } = this;
    const route = this.#route;
    const endedAt = Date.now();
    const { source, usage } = figuresOf(ending, this.#usage, route !== undefined);
    const charge = usage && route ? priceOf(usage, route.price) : undefined;
    const error = ending.kind === 'failed' ? ending.error : undefined;
    // `request_id` must stay the first field: the journal finds it there.
    return {
      request_id: opening.requestId,
      account_id: opening.accountId,
      key_id: opening.keyId,
      started_at: startedIso(opening.startedAt),
      ended_at: endedIso(endedAt),
      endpoint: opening.endpoint,
      protocol: opening.protocol,
      stream: opening.stream,
      model: opening.model,
      catalog_model: opening.catalogModel,
      resolved_model: this.#resolvedModel ?? route?.upstreamModel ?? null,
      vendor_id: route?.model.vendorId ?? null,
      provider: route?.channel.provider ?? null,
      channel_id: route?.channel.id ?? null,
      lane: route?.channel.lane ?? null,
      status: ending.kind,
      http_status: this.#firstByteAt !== undefined ? 200 : statusOf(ending),
      // A used dimension that has no price is an error of the operator, shown on a request that succeeded (trap 7).
      error_code: error?.code ?? (charge && charge.unpriced.length > 0 ? 'price_unavailable' : null),
      usage_source: source,
      usage_mismatch: usage !== undefined && isMismatched(usage),
      dimensions: usage ? dimensionsOf(usage) : [],
      reasoning_tokens: usage ? reasoningOf(usage) : null,
      line_items: charge?.lineItems ?? [],
      charge_micro_usd: charge ? Number(charge.microUsd) : 0,
      price_id: charge && route ? route.price.id : null,
      provider_usage: this.#usage?.raw ?? null,
      routing: this.#routing,
      timings: {
        dispatched_ms: this.#since(this.#dispatchedAt),
        first_byte_ms: this.#since(this.#firstByteAt),
        total_ms: Math.max(0, endedAt - opening.startedAt),
      },
    };
  }

  /** The wall clock may step back; a duration never does. */
  #since(at: number | undefined): number | null {
    return at === undefined ? null : Math.max(0, at - this.opening.startedAt);
  }
}

/** Contract §13, the table of outcomes. Nothing was dispatched: nothing is charged, whatever the ending says. */
function figuresOf(ending: Ending, seen: Usage | undefined, dispatched: boolean): Figures {
  if (!dispatched) return { source: 'none', usage: undefined };
  switch (ending.kind) {
    case 'completed':
    case 'failed':
      return seen ? { source: 'provider', usage: seen } : estimated(ending.delivered);
    case 'left':
      // Final usage that came counts even if the mark of the end did not (trap 1).
      return seen ? { source: 'drained', usage: seen } : estimated(ending.delivered);
  }
}

function estimated(delivered: Delivery | undefined): Figures {
  return delivered ? { source: 'estimated', usage: { ...delivered, raw: {} } } : { source: 'none', usage: undefined };
}

function statusOf(ending: Ending): number {
  switch (ending.kind) {
    case 'completed':
      return 200;
    case 'failed':
      return ending.error.status;
    case 'left':
      return CLIENT_CLOSED;
  }
}

/** The parts do not make the provider's total, or one of them cannot be a quantity. */
function isMismatched(usage: Usage): boolean {
  if (usage.totalTokens !== undefined && tokensOf(usage) !== usage.totalTokens) return true;
  for (const dimension of DIMENSIONS) {
    const quantity = usage.dimensions[dimension];
    if (quantity !== undefined && quantity !== 0 && !isQuantity(quantity)) return true;
  }
  return false;
}

function dimensionsOf(usage: Usage): UsageRecord['dimensions'] {
  const dimensions = [];
  for (const name of DIMENSIONS) {
    const quantity = usage.dimensions[name];
    if (isQuantity(quantity)) dimensions.push({ name, quantity });
  }
  return dimensions;
}

function reasoningOf({ reasoningTokens }: Usage): number | null {
  return reasoningTokens !== undefined && Number.isInteger(reasoningTokens) && reasoningTokens <= INT4_MAX
    ? reasoningTokens
    : null;
}
