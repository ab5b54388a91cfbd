import { Inject, Injectable } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import type { Route } from '../catalog/route.js';
import { Config } from '../config.js';
import { Flow } from '../egress/flow.js';
import { LazuError } from '../errors.js';
import type { Answer } from '../http/inference.js';
import { LimitStore } from '../limits/limit-store.js';
import { inputTokensOf } from '../protocols/usage.js';
import type { Delivery, Ending } from '../usage/meter.js';
import { Attempts, metered, type Opened } from './attempts.js';
import { ChannelHealth } from './channel-health.js';
import { Delivered } from './delivered.js';
import { endingOf } from './ending.js';
import { failover } from './failover.js';
import { Growth } from './growth.js';
import { returnedHeaders } from './headers.js';
import type { Job } from './job.js';
import { Outlet } from './outlet.js';
import { outlive } from './outlive.js';
import { passThrough } from './pass-through.js';
import { reframe } from './reframe.js';

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
    to.outlet.onLeave(() => this.#leaveEarly(job));
    const opened = await this.attempts.send(job, route, to.flow);
    expectEventStream(opened);
    const { reply, provider, upstream, rewriter } = opened;
    const watch = upstream.frameWatch({ includeUsage: job.facts.includeUsage, answers: job.facts.n });
    const delivered = new Delivered(upstream);
    const report = () => {
      if (watch.model !== undefined) job.meter.resolvedModel(watch.model);
      if (watch.usage) job.meter.see(metered(opened, route, watch.usage));
      job.meter.routing(job.trail.asRouting(route.channel.lane));
    };
    const delivery = async () => ({
      inputTokens: watch.reported ? inputTokensOf(watch.reported) : job.facts.inputTokensEstimate,
      outputTokens: await delivered.tokens(),
    });
    const finish = async () => {
      report();
      if (!to.outlet.left)
        await job.meter.close({ kind: 'completed', delivered: watch.usage ? undefined : await delivery() });
      else await job.meter.close({ kind: 'left', drained: watch.usage !== undefined, delivered: await delivery() });
    };
    const left = async (ended: boolean) => {
      to.over();
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
    const graceMs = provider.billsAfterDisconnect ? LONG_DRAIN_MS : this.config.leaveGraceMs;
    const frames$ = outlive(passThrough(reply.bytes$, watch, finish, rewriter), {
      flow: to.flow,
      graceMs,
      left: ended => void left(ended).then(gone, gone), // the journal has said what is wrong, if anything is
    });

    return new Promise((resolve, reject) => {
      let output = false;
      let ended = false;
      const outOfMoney = () => {
        if (ended || watch.complete || to.outlet.left) return;
        ended = true;
        to.over();
        report();
        const error = spent();
        void delivery().then(given => this.#endWithError(job, to.outlet, error, given));
        job.cancel.cancel(error);
        queueMicrotask(() => subscription.unsubscribe()); // for who does not listen to the cancel
      };
      const { cover } = job;
      const growth = cover && new Growth(this.limits, job.call.requestId, cover, outOfMoney);
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
          growth?.reached(delivered.likelyTokens);
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

  /** The last event is the error, in the caller's protocol, and no end mark follows: half an answer never looks like a whole one. */
  async #endWithError(job: Job, outlet: Outlet, error: LazuError, delivered?: Delivery): Promise<void> {
    const ending: Ending = delivered ? { kind: 'failed', error, delivered } : endingOf(job, error);
    await job.meter.close(ending).catch(() => undefined);
    outlet.next(Buffer.from(job.inbound.writeError(error, job.call.requestId).frame));
    outlet.complete();
  }

  /** Before any answer began: the grace runs all the same, as the vendor may be at work and bill for it. */
  #leaveEarly(job: Job): void {
    setTimeout(
      () => job.cancel.cancel(new LazuError('upstream_error', 'The caller has left.')),
      this.config.leaveGraceMs,
    ).unref();
  }
}

/** How long a provider that bills on after a disconnect is read to its end (contract §13). */
const LONG_DRAIN_MS = 30_000;

const spent = () =>
  new LazuError(
    'insufficient_quota',
    'The answer has become longer than the balance, or the quota of this key, covers.',
  );

function expectEventStream({ reply }: Opened): void {
  if (reply.headers['content-type']?.startsWith('text/event-stream')) return;
  reply.bytes$.subscribe({ error: () => undefined }).unsubscribe();
  throw new LazuError('upstream_error', 'The model provider did not stream its answer.', { retryable: true });
}
