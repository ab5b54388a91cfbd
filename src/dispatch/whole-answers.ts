import { Inject, Injectable } from '@nestjs/common';
import { of } from 'rxjs';
import type { Route } from '../catalog/route.js';
import { Config } from '../config.js';
import { Flow } from '../egress/flow.js';
import { LazuError } from '../errors.js';
import type { Answer } from '../http/inference.js';
import type { Usage } from '../protocols/usage.js';
import type { Delivery } from '../usage/meter.js';
import { Attempts, type Opened } from './attempts.js';
import { ChannelHealth } from './channel-health.js';
import { collect } from './collect.js';
import { Delivered } from './delivered.js';
import { failover } from './failover.js';
import { deliveryOf, metered } from './figures.js';
import { returnedHeaders } from './headers.js';
import type { Job } from './job.js';
import { parseAnswer } from './parse-answer.js';

/** Bytes of a whole answer: generated images and audio come inside the JSON. */
const ANSWER_LIMIT = 64 * 1024 * 1024;
/** How long a call runs on after its caller left (contract §13). */
const RUN_ON_MS = 60_000;

interface Whole {
  readonly opened: Opened;
  readonly route: Route;
  readonly bytes: Buffer;
  readonly usage: Usage | undefined;
}

/** Answers that come at once: read to the end, recorded, then sent. */
@Injectable()
export class WholeAnswers {
  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly attempts: Attempts,
    private readonly health: ChannelHealth,
  ) {}

  /** @throws LazuError when every attempt failed, also in the middle of an answer: nothing has been sent yet */
  async answer(job: Job, routes: readonly Route[]): Promise<Answer> {
    let runOn: NodeJS.Timeout | undefined;
    const leftForGood = () => job.cancel.cancel(new LazuError('upstream_timeout', 'The caller has left.'));
    job.call.gone.listen(() => (runOn = setTimeout(leftForGood, RUN_ON_MS).unref()));
    try {
      return await this.#answer(job, routes);
    } finally {
      job.call.gone.listen(undefined);
      clearTimeout(runOn); // it would hold the request and its body
    }
  }

  async #answer(job: Job, routes: readonly Route[]): Promise<Answer> {
    const options = { maxAttempts: this.config.maxAttempts, health: this.health };
    const { opened, route, bytes, usage } = await failover(job, routes, options, route => this.#read(job, route));
    if (usage) job.meter.see(usage);
    if (job.call.gone.reason) {
      const delivered = deliveryOf(opened, route, { estimate: job.facts.inputTokensEstimate, output: 0 });
      await job.meter.close({ kind: 'left', drained: usage !== undefined, delivered });
    } else {
      await job.meter.close({
        kind: 'completed',
        delivered: usage ? undefined : await delivery(job, { opened, route, bytes }),
      });
    }
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'content-length': String(bytes.length),
      ...job.limitHeaders,
      ...returnedHeaders(opened.reply.headers, opened.dropped),
    };
    return { status: 200, headers, frames$: of(bytes), length: bytes.length, flow: new Flow() };
  }

  async #read(job: Job, route: Route): Promise<Whole> {
    const opened = await this.attempts.send(job, route, new Flow());
    const bytes = await collect(opened.reply.bytes$, ANSWER_LIMIT);
    const answer = parseAnswer(bytes);
    const error = opened.upstream.errorIn(answer);
    if (error) throw error;
    const usage = opened.upstream.usageOf(answer);
    const model = opened.upstream.modelOf(answer);
    if (model !== undefined) job.meter.resolvedModel(model);
    job.meter.routing(job.trail.asRouting(route.channel.lane));
    const rewritten = opened.rewriter?.answer(answer) ?? answer;
    const sent = rewritten === answer ? bytes : Buffer.from(JSON.stringify(rewritten));
    return { opened, route, bytes: sent, usage: usage && metered(opened, route, usage) };
  }
}

async function delivery({ facts }: Job, { opened, route, bytes }: Omit<Whole, 'usage'>): Promise<Delivery> {
  const delivered = new Delivered(opened.upstream);
  delivered.add(bytes);
  return deliveryOf(opened, route, { estimate: facts.inputTokensEstimate, output: await delivered.tokens() });
}
