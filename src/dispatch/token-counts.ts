import { Inject, Injectable } from '@nestjs/common';
import { of } from 'rxjs';
import type { Route } from '../catalog/route.js';
import { Config } from '../config.js';
import { Flow } from '../egress/flow.js';
import { LazuError } from '../errors.js';
import type { Answer } from '../http/inference.js';
import { inputTextOf } from '../protocols/input-text.js';
import type { Inbound } from '../protocols/protocol.js';
import { providerNamed } from '../providers/index.js';
import { Attempts } from './attempts.js';
import { ChannelHealth } from './channel-health.js';
import { collect } from './collect.js';
import { failover } from './failover.js';
import type { Job } from './job.js';
import { sharedLanguage } from './languages.js';
import { parseAnswer } from './parse-answer.js';
import { countTokens } from './tokenizer.js';
import { UpstreamStatus } from './upstream-status.js';

/** A dialect that can ask how many tokens a request has. */
export type CountingInbound = Inbound & Required<Pick<Inbound, 'writeCount'>>;

/** Bytes. */
const ANSWER_LIMIT = 1024 * 1024;
/** Tokens of an image, and bytes of a PDF for one token of it: about what vendors say of a full page. */
const IMAGE_TOKENS = 1_500;
const DOCUMENT_BYTES_PER_TOKEN = 25;
/** What a host answers that has the protocol, and not its endpoint for counting. */
const LACKING: readonly unknown[] = [404, 405, 501];

/** Counts input tokens: by the vendor's own endpoint where the channel has one in the caller's protocol, else by estimate. */
@Injectable()
export class TokenCounts {
  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly attempts: Attempts,
    private readonly health: ChannelHealth,
  ) {}

  /** @throws LazuError when every attempt failed */
  async answer(job: Job, routes: readonly Route[]): Promise<Answer> {
    const counted = await this.#count(job, routes);
    const bytes = counted ?? Buffer.from(JSON.stringify(await this.#estimate(job)));
    await job.meter.close({ kind: 'completed' });
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'content-length': String(bytes.length),
      ...job.limitHeaders,
      ...(counted === undefined && { 'x-lazu-estimated': 'true' }),
    };
    return { status: 200, headers, frames$: of(bytes), length: bytes.length, flow: new Flow() };
  }

  /** @returns the vendor's own answer; undefined where the channel that would answer the request itself cannot count */
  async #count(job: Job, routes: readonly Route[]): Promise<Buffer | undefined> {
    const [first] = routes;
    if (first && countsTokens(first, job.inbound)) {
      const counting = routes.filter(route => countsTokens(route, job.inbound));
      const options = { maxAttempts: this.config.maxAttempts, health: this.health };
      return failover(job, counting, options, route => this.#ask(job, route));
    }
    if (first) job.meter.route(first);
    job.meter.routing(job.trail.asRouting(first?.channel.lane ?? null));
    return undefined;
  }

  /** @returns undefined where this host has no such endpoint after all */
  async #ask(job: Job, route: Route): Promise<Buffer | undefined> {
    try {
      const { reply, upstream } = await this.attempts.send(job, route, new Flow());
      const bytes = await collect(reply.bytes$, ANSWER_LIMIT);
      const error = upstream.errorIn(parseAnswer(bytes));
      if (error) throw error;
      return bytes;
    } catch (error) {
      if (isLacking(error)) return undefined;
      throw error;
    } finally {
      job.meter.routing(job.trail.asRouting(route.channel.lane));
    }
  }

  async #estimate({ call, inbound, facts }: Job): Promise<object> {
    const written = (tokens: number): object => inbound.writeCount?.(tokens) ?? {};
    try {
      const { text, images, documentBytes } = inputTextOf(inbound.readRequest(call.body()));
      const rest = images * IMAGE_TOKENS + Math.ceil(documentBytes / DOCUMENT_BYTES_PER_TOKEN);
      return written((await countTokens(text)) + rest);
    } catch (error) {
      // What has no neutral form has a size all the same.
      if (error instanceof LazuError && error.code === 'unsupported_parameter')
        return written(facts.inputTokensEstimate);
      throw error;
    }
  }
}

function countsTokens({ channel, upstreamModel }: Route, inbound: Inbound): boolean {
  const provider = providerNamed(channel.provider);
  const shared = provider && sharedLanguage(provider, channel, upstreamModel, inbound, {});
  return shared !== undefined && provider?.countsTokens?.includes(shared.name) === true;
}

const isLacking = (error: unknown): boolean =>
  error instanceof LazuError && error.cause instanceof UpstreamStatus && LACKING.includes(error.cause.status);
