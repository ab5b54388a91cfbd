import { Inject, Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import type { Route } from '../catalog/route.js';
import type { Cancel } from '../egress/cancel.js';
import { Egress } from '../egress/egress.js';
import type { Flow } from '../egress/flow.js';
import type { Reply } from '../egress/reply.js';
import { LazuError } from '../errors.js';
import { openaiChat } from '../protocols/openai-chat/index.js';
import type { Upstream } from '../protocols/protocol.js';
import { providerNamed } from '../providers/index.js';
import type { Outgoing, Provider } from '../providers/provider.js';
import { buildRequest } from '../providers/request.js';
import { collect } from './collect.js';
import { fanOut } from './fan-out.js';
import { forwardedHeaders } from './headers.js';
import type { Job } from './job.js';
import { withDeadline } from './with-deadline.js';

/** An upstream that has begun a good answer. */
export interface Opened {
  readonly reply: Reply;
  readonly provider: Provider;
  readonly upstream: Upstream;
  /** Hints that this provider lacks, for `X-Lazu-Dropped-Params`. */
  readonly dropped: readonly string[];
}

/** Bytes of an upstream's error body that are read. */
const ERROR_BODY_LIMIT = 64 * 1024;

/** One try at one route. */
@Injectable()
export class Attempts {
  /** Channels whose upstream refused `stream_options`: they are not asked again until the next start. */
  readonly #refuseUsage = new Set<string>();

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly egress: Egress,
  ) {}

  /**
   * @returns the head of an answer of status 2xx
   * @throws LazuError for anything else; noted on the job's trail
   */
  async send(job: Job, route: Route, flow: Flow): Promise<Opened> {
    const startedAt = performance.now();
    try {
      const opened = await this.#open(job, route, flow);
      job.trail.note(route, startedAt, 'ok', seen(opened.reply));
      return opened;
    } catch (error) {
      const failure = LazuError.from(error);
      job.trail.note(route, startedAt, failure, failure.cause instanceof UpstreamStatus ? failure.cause : undefined);
      throw failure;
    }
  }

  async #open(job: Job, route: Route, flow: Flow): Promise<Opened> {
    const provider = providerNamed(route.channel.provider);
    if (!provider)
      throw new LazuError('upstream_unavailable', 'The channel names a provider that does not exist.', {
        retryable: true,
      });
    const upstream = openaiChat;
    const outgoing: Outgoing = {
      protocol: upstream.name,
      endpoint: job.endpoint,
      model: route.upstreamModel,
      stream: job.facts.stream,
      channel: route.channel,
    };
    const askUsage = !this.#refuseUsage.has(route.channel.id);
    const { request, dropped } = buildRequest(provider, outgoing, job.call.body, job.call.raw, {
      askUsage,
      headers: forwardedHeaders(job.call.headers),
    });
    const once = (partFlow: Flow, cancel: Cancel): Promise<Reply> =>
      this.#exchange(provider, outgoing, request, partFlow, cancel);
    const parts = job.facts.n > provider.maxN ? job.facts.n : 1;
    let reply = parts > 1 ? await fanOut({ parts, once, job, flow, upstream }) : await once(flow, job.cancel);
    if (reply.status >= 400) {
      const body = (await collect(reply.bytes$, ERROR_BODY_LIMIT)).toString('utf8');
      const namesUsage = reply.status === 400 && job.facts.stream && /stream_options|include_usage/.test(body);
      if (namesUsage && askUsage && !job.facts.includeUsage) {
        this.#refuseUsage.add(route.channel.id);
        return this.#open(job, route, flow);
      }
      throw told(upstream.readError(reply.status, body, reply.headers), reply);
    }
    if (provider.unframe) reply = { ...reply, bytes$: provider.unframe(reply.bytes$) };
    return { reply, provider, upstream, dropped };
  }

  /** Over the network, or in process where the provider answers itself; then the first-byte deadline is kept here. */
  #exchange(
    provider: Provider,
    outgoing: Outgoing,
    request: Parameters<Egress['send']>[0],
    flow: Flow,
    cancel: Cancel,
  ): Promise<Reply> {
    if (!provider.send) return this.egress.send(request, flow, cancel);
    return withDeadline(provider.send(request, outgoing, flow), this.config.firstByteTimeoutMs, cancel);
  }
}

/** Rides along as the cause of an error, so that the trail can say what the upstream answered. */
class UpstreamStatus extends Error {
  constructor(
    readonly status: number,
    readonly requestId: string | null,
    cause: unknown,
  ) {
    super(`upstream status ${status}`, { cause });
  }
}

const seen = (reply: Reply) => ({ status: reply.status, requestId: reply.headers['x-request-id'] ?? null });

function told(error: LazuError, reply: Reply): LazuError {
  const { status, requestId } = seen(reply);
  const { param, retryable, retryAfter } = error;
  return new LazuError(error.code, error.message, {
    param,
    retryable,
    retryAfter,
    cause: new UpstreamStatus(status, requestId, error.cause),
  });
}
