import { Inject, Injectable } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import type { Route } from '../catalog/route.js';
import { Config } from '../config.js';
import { Flow } from '../egress/flow.js';
import { LazuError } from '../errors.js';
import type { Answer } from '../http/inference.js';
import { LimitStore, type Shortage } from '../limits/limit-store.js';
import { providerNamed } from '../providers/index.js';
import type { Delivery, Ending } from '../usage/meter.js';
import { Attempts, type Opened } from './attempts.js';
import { ChannelHealth } from './channel-health.js';
import { Delivered } from './delivered.js';
import { endingOf } from './ending.js';
import { failover } from './failover.js';
import { deliveryOf, metered } from './figures.js';
import { Growth } from './growth.js';
import { returnedHeaders } from './headers.js';
import type { Job } from './job.js';
import { type Drain, LongDrains } from './long-drains.js';
import { Outlet } from './outlet.js';
import { outlive } from './outlive.js';
import { passThrough } from './pass-through.js';
import { reframe } from './reframe.js';
import { TokenCorrection } from './token-correction.js';

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no', // nginx would gather the frames otherwise
};

/** Answers that stream: failover until the first output, then frames as they come, then the record, then the end. */
@Injectable()
export class StreamedAnswers {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(LimitStore) private readonly limits: LimitStore,
    private readonly attempts: Attempts,
    private readonly health: ChannelHealth,
    private readonly drains: LongDrains,
  ) {}

  /**
   * Resolves at the first output, or after `KEEPALIVE_MS` of silence; from then on an error is a frame.
   * @throws LazuError when every attempt failed before that
   */
  answer(job: Job, routes: readonly Route[]): Promise<Answer> {
    const flow = new Flow();
    const outlet = new Outlet();
    const { framing } = job.inbound;
    return new Promise((resolve, reject) => {
      let begun = false;
      const begin = (opened?: Opened) => {
        if (begun) return;
        begun = true;
        resolve({
          status: 200,
          headers: {
            ...STREAM_HEADERS,
            ...(framing && { 'content-type': framing.contentType }),
            ...job.limitHeaders,
            ...(opened ? returnedHeaders(opened.reply.headers, opened.dropped) : {}),
          },
          frames$: framing ? reframe(outlet.frames$, framing.frames()) : outlet.frames$,
          length: undefined,
          flow,
        });
      };
      const silence = setTimeout(() => {
        begin();
        outlet.next(Buffer.from(job.inbound.keepAliveFrame));
        silence.refresh();
      }, this.config.keepAliveMs);
      const over = () => clearTimeout(silence);

      job.call.gone.listen(() => outlet.leave());
      const open = (route: Route) => this.#open(job, route, { flow, outlet, silence, begin, over });
      failover(job, routes, { maxAttempts: this.config.maxAttempts, health: this.health }, open).catch(
        async (thrown: unknown) => {
          over();
          const error = LazuError.from(thrown);
          if (begun) await this.#endWithError(job, outlet, error);
          else reject(error);
        },
      );
    });
  }

  /** Resolves when this route has sent output, rejects while it has not: then another may be tried. */
  async #open(
    job: Job,
    route: Route,
    to: { flow: Flow; outlet: Outlet; silence: NodeJS.Timeout; begin: (opened: Opened) => void; over: () => void },
  ): Promise<void> {
    const drain = this.drains.of(providerNamed(route.channel.provider));
    to.outlet.onLeave(() => leaveEarly(job, drain));
    const opened = await this.attempts.send(job, route, to.flow);
    expectEventStream(opened);
    const { reply, upstream, rewriter } = opened;
    const watch = upstream.frameWatch({ includeUsage: job.facts.includeUsage, answers: job.facts.n });
    const delivered = new Delivered(upstream);
    const report = () => {
      if (watch.model !== undefined) job.meter.resolvedModel(watch.model);
      if (watch.usage) job.meter.see(metered(opened, route, watch.usage));
      job.meter.routing(job.trail.asRouting(route.channel.lane));
    };
    const delivery = async () =>
      deliveryOf(opened, route, {
        reported: watch.reported,
        estimate: job.facts.inputTokensEstimate,
        output: await delivered.tokens(),
      });
    const finish = async () => {
      report();
      if (!to.outlet.left)
        await job.meter.close({ kind: 'completed', delivered: watch.usage ? undefined : await delivery() });
      else await job.meter.close({ kind: 'left', drained: watch.usage !== undefined, delivered: await delivery() });
    };
    const left = async (ended: boolean) => {
      to.over();
      drain.end();
      if (ended && watch.complete) return; // finish has closed the meter
      report();
      await job.meter.close({ kind: 'left', drained: false, delivered: await delivery() });
    };
    // A caller who left before any output still waits for an answer to begin: the request is over when somebody says so.
    const gone = () => {
      if (!to.outlet.left) return;
      to.begin(opened);
      to.outlet.complete();
    };
    const frames$ = outlive(passThrough(reply.bytes$, watch, finish, rewriter), {
      flow: to.flow,
      graceMs: () => drain.leftMs(),
      left: ended => void left(ended).then(gone, gone), // the journal has said what is wrong, if anything is
    });

    return new Promise((resolve, reject) => {
      let output = false;
      let ended = false;
      const outOfMoney = (short: Shortage) => {
        if (ended || watch.complete || to.outlet.left) return;
        ended = true;
        to.over();
        report();
        const error = spent(short);
        void delivery().then(given => this.#endWithError(job, to.outlet, error, given));
        job.cancel.cancel(error);
        queueMicrotask(() => subscription.unsubscribe()); // for who does not listen to the cancel
      };
      const growth = this.#growth(job, opened, outOfMoney);
      const subscription: Subscription = frames$.subscribe({
        next: frame => {
          if (ended) return;
          if (!output && watch.hasOutput) {
            output = true;
            job.meter.firstByte();
            to.begin(opened);
            resolve();
          }
          delivered.add(frame);
          to.silence.refresh();
          to.outlet.next(frame);
          growth(delivered.likelyTokens);
        },
        error: (error: LazuError) => {
          if (ended) return;
          report(); // final usage counts even where no output came; another attempt starts from nothing
          if (!output) return reject(error);
          to.over();
          void this.#endWithError(job, to.outlet, error);
        },
        complete: () => {
          if (ended) return;
          to.over();
          to.begin(opened);
          to.outlet.complete();
          resolve();
        },
      });
      to.outlet.onLeave(() => subscription.unsubscribe());
    });
  }

  /** @returns what is told how many tokens have been delivered so far: the hold grows with them, and what the windows count */
  #growth({ call, cover, admittedTokens, facts }: Job, { calls }: Opened, outOfMoney: (short: Shortage) => void) {
    const hold = cover && new Growth(this.limits, call.requestId, cover, outOfMoney);
    const input = facts.inputTokensEstimate * calls;
    const windows =
      admittedTokens === undefined
        ? undefined
        : new TokenCorrection(this.limits, call.requestId, input, admittedTokens);
    return (tokens: number): void => {
      hold?.reached(tokens);
      windows?.reached(tokens);
    };
  }

  /** The last event is the error, in the caller's protocol, and no end mark follows: half an answer never looks like a whole one. */
  async #endWithError(job: Job, outlet: Outlet, error: LazuError, delivered?: Delivery): Promise<void> {
    const ending: Ending = delivered ? { kind: 'failed', error, delivered } : endingOf(job, error);
    await job.meter.close(ending).catch(() => undefined);
    outlet.next(Buffer.from(job.inbound.writeError(error, job.call.requestId).frame));
    outlet.complete();
  }
}

/** Before any answer began: the grace runs all the same, as the vendor may be at work and bill for it. */
function leaveEarly(job: Job, drain: Drain): void {
  setTimeout(() => {
    drain.end();
    job.cancel.cancel(new LazuError('upstream_error', 'The caller has left.'));
  }, drain.leftMs()).unref();
}

const spent = (short: Shortage) =>
  new LazuError(
    'insufficient_quota',
    `The answer has become longer than the ${short === 'balance' ? 'balance of this account' : 'quota of this key'} covers.`,
    { param: short },
  );

function expectEventStream({ reply }: Opened): void {
  if (reply.headers['content-type']?.startsWith('text/event-stream')) return;
  reply.bytes$.subscribe({ error: () => undefined }).unsubscribe();
  throw new LazuError('upstream_error', 'The model provider did not stream its answer.', { retryable: true });
}
