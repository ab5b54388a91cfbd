import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CredentialBox } from '../catalog/credential-box.js';
import { postOnce, type Posted } from '../egress/post-once.js';
import { alertMetrics } from './metrics.js';
import { Outbox, type Claimed } from './outbox.js';
import { testEvent } from './webhook-event.js';
import { signedHeaders } from './webhook-signature.js';
import { secretOf, WebhooksService } from './webhooks.service.js';

const LOOK_MS = 5_000;
const AT_ONCE = 10;
const DEADLINE_MS = 10_000;
/** Of an answer: enough for a person to see what went wrong. */
const MOST_BYTES = 2_048;
const MOST_CHARACTERS = 300;
const PATIENCE_MS = 2_000;

/** What `POST /api/admin/webhooks/:id/test` says. */
export interface WebhookTestResult {
  readonly object: 'webhook_test';
  /** The receiver answered with a 2xx. */
  readonly ok: boolean;
  readonly event_id: string;
  readonly duration_ms: number;
  /** Null: there was no answer. */
  readonly status: number | null;
  /** The beginning of the answer. */
  readonly answer: string | null;
  /** Null: it was answered. */
  readonly error: string | null;
}

/** Brings events to webhooks, at least once each; any process of any host may. */
@Injectable()
export class Courier implements OnModuleInit, BeforeApplicationShutdown {
  readonly #log = new Logger(Courier.name);
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isFailing = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly webhooks: WebhooksService,
    private readonly box: CredentialBox,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => void this.run(), LOOK_MS).unref();
  }

  /** What is on its way may arrive; its outcome is then told again. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    const abort = setTimeout(() => this.#stopped.abort(), PATIENCE_MS);
    await this.#running;
    clearTimeout(abort);
    this.#stopped.abort();
  }

  /** Delivers all that is due; one run at a time. Never rejects. */
  run(): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    return (this.#running ??= this.#deliverAll().finally(() => (this.#running = undefined)));
  }

  /** Posts an event of its own, past the outbox. What comes back is the result, not an error. @throws LazuError not_found */
  async test(webhookId: string): Promise<WebhookTestResult> {
    const { url, ...sealed } = await this.webhooks.target(webhookId);
    const begun = performance.now();
    const event = testEvent(webhookId, Date.now());
    const said = await this.#post({ webhookId, url, ...sealed, event }).catch((error: Error) => error);
    const isAnswer = !(said instanceof Error);
    return {
      object: 'webhook_test',
      ok: isAnswer && isFine(said),
      event_id: event.id,
      duration_ms: Math.round(performance.now() - begun),
      status: isAnswer ? said.status : null,
      answer: isAnswer ? said.text : null,
      error: isAnswer ? null : said.message,
    };
  }

  async #deliverAll(): Promise<void> {
    try {
      for (;;) {
        const claimed = await this.outbox.claim(AT_ONCE);
        await Promise.all(claimed.map(delivery => this.#deliver(delivery)));
        this.#isFailing = false;
        if (claimed.length < AT_ONCE || this.#stopped.signal.aborted) return;
      }
    } catch (error) {
      if (!this.#isFailing) this.#log.warn(`webhooks wait for PostgreSQL: ${String(error)}`);
      this.#isFailing = true;
    }
  }

  async #deliver(delivery: Claimed): Promise<void> {
    const said = await this.#post(delivery).catch((error: Error) => error);
    if (said instanceof Error && this.#stopped.signal.aborted) return; // its lease ends, and another process tries
    if (!(said instanceof Error) && isFine(said)) {
      alertMetrics.deliveries.inc({ outcome: 'delivered' });
      return this.outbox.delivered(delivery.id, said.status);
    }
    const status = said instanceof Error ? undefined : said.status;
    const error = said instanceof Error ? said.message : said.text;
    const isOver = await this.outbox.failed(delivery, status, error.slice(0, MOST_CHARACTERS));
    alertMetrics.deliveries.inc({ outcome: isOver ? 'given_up' : 'retry' });
    if (isOver) this.#log.error(`the webhook ${delivery.webhookId} was not reached: ${delivery.event.id} is given up`);
  }

  /** @throws Error when there is no answer */
  async #post(
    delivery: Pick<Claimed, 'webhookId' | 'url' | 'secretCiphertext' | 'secretKeyId' | 'event'>,
  ): Promise<Posted> {
    const secret = secretOf(delivery.webhookId, delivery, this.box);
    const headers = signedHeaders(secret, delivery.event, Date.now());
    const limits = { deadlineMs: DEADLINE_MS, mostBytes: MOST_BYTES, signal: this.#stopped.signal };
    return postOnce(new URL(delivery.url), headers, delivery.event.body, limits);
  }
}

const isFine = ({ status }: Posted): boolean => status >= 200 && status < 300;
