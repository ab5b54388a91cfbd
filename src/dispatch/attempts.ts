import { Inject, Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import type { Channel, Model, Route } from '../catalog/route.js';
import type { Cancel } from '../egress/cancel.js';
import { Egress } from '../egress/egress.js';
import type { Flow } from '../egress/flow.js';
import type { Reply } from '../egress/reply.js';
import { LazuError } from '../errors.js';
import type { InferenceCall } from '../http/inference.js';
import type { Conversation } from '../protocols/conversation.js';
import type {
  AnswerRewriter,
  ForeignUpstream,
  Inbound,
  JsonObject,
  RequestFacts,
  Upstream,
} from '../protocols/protocol.js';
import type { Usage } from '../protocols/usage.js';
import { providerNamed } from '../providers/index.js';
import type { Outgoing, Provider } from '../providers/provider.js';
import { buildRequest } from '../providers/request.js';
import { type Extra, refusedExtra, RefusedExtras, USAGE } from './extras.js';
import { fanOut } from './fan-out.js';
import { metered } from './figures.js';
import { forwardedHeaders } from './headers.js';
import type { Job } from './job.js';
import { InlineParts } from './inline-parts.js';
import { foreignLanguage, mergingLanguage, sharedLanguage } from './languages.js';
import { rewriterFor, unframed } from './rework.js';
import { type AnswerLanguage, Translation } from './translate.js';
import { translatedRequest, type TranslatedRequest } from './translated-request.js';
import { errorText, seen, told, UpstreamStatus } from './upstream-status.js';
import { withDeadline } from './with-deadline.js';

/** An upstream that has begun a good answer. */
export interface Opened {
  readonly reply: Reply;
  readonly provider: Provider;
  readonly upstream: AnswerLanguage;
  /** How often the vendor was called: more than once where it was asked for more answers than it gives at a time. */
  readonly calls: number;
  /** Undefined: the answer goes as it came. */
  readonly rewriter: AnswerRewriter | undefined;
  /** Hints that this provider lacks, for `X-Lazu-Dropped-Params`. */
  readonly dropped: readonly string[];
  /** The language has read usage as the provider spells it. */
  readonly usageIsRead: boolean;
}

/** What has to be known of calls to read their usage. */
export type Counted = Pick<Opened, 'provider' | 'calls' | 'usageIsRead'>;

/** One request to one channel. */
export interface Call {
  readonly inbound: Inbound;
  readonly endpoint: Outgoing['endpoint'];
  readonly channel: Channel;
  readonly model: Model;
  readonly upstreamModel: string;
  readonly skim: JsonObject;
  readonly body: () => JsonObject;
  /** The bytes that `body` was parsed from. */
  readonly raw: Uint8Array;
  readonly headers: InferenceCall['headers'];
  readonly facts: Pick<RequestFacts, 'model' | 'stream' | 'includeUsage' | 'n' | 'inputTokensEstimate'>;
  readonly flow: Flow;
  readonly cancel: Cancel;
  /** Parts of a fan-out that were paid for before another part failed; `counted` is how they are to be read. */
  readonly sawUsage: (usage: Usage, counted: Counted) => void;
  /** Told how often the vendor is called, when it is. */
  readonly calling: (calls: number) => void;
}

/** One try at one route. */
@Injectable()
export class Attempts {
  readonly #refused = new RefusedExtras();

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly egress: Egress,
    private readonly inlineParts: InlineParts,
  ) {}

  /**
   * @returns the head of an answer of status 2xx
   * @throws LazuError for anything else; noted on the job's trail
   */
  async send(job: Job, route: Route, flow: Flow): Promise<Opened> {
    const startedAt = performance.now();
    const { raw, skim, body, headers } = job.call;
    job.trail.calls = 0;
    try {
      const opened = await this.open({
        inbound: job.inbound,
        endpoint: job.endpoint,
        channel: route.channel,
        model: route.model,
        upstreamModel: route.upstreamModel,
        skim,
        body,
        raw,
        headers,
        facts: job.facts,
        flow,
        cancel: job.cancel,
        sawUsage: (usage, counted) => job.meter.see(metered(counted, route, usage)),
        calling: calls => (job.trail.calls = calls),
      });
      job.trail.note(route, startedAt, 'ok', seen(opened.reply));
      return opened;
    } catch (error) {
      const failure = LazuError.from(error);
      job.trail.note(route, startedAt, failure, failure.cause instanceof UpstreamStatus ? failure.cause : undefined);
      throw failure;
    }
  }

  /** The same without a job: for operators who test a channel. */
  async open(call: Call): Promise<Opened> {
    const provider = providerNamed(call.channel.provider);
    if (!provider) throw unknownProvider();
    const shared = sharedLanguage(provider, call.channel, call.upstreamModel, call.inbound, call.skim);
    return shared ? this.#openShared(call, provider, shared) : this.#openTranslated(call, provider);
  }

  /** Both ends speak the same protocol: the caller's bytes go out, the upstream's come back. */
  async #openShared(call: Call, provider: Provider, upstream: Upstream, mayAskUsage = true): Promise<Opened> {
    const { channel, facts, flow, cancel } = call;
    const outgoing = outgoingOf(call, upstream.name);
    const askUsage = mayAskUsage && !this.#refused.of(channel.id, outgoing.model).has(USAGE);
    const headers = forwardedHeaders(call.headers, upstream.requestHeaders);
    const own = upstream.withoutForeignSeals?.(call.raw, call.body);
    const raw = own ? Buffer.from(JSON.stringify(own.body)) : call.raw;
    const { request, dropped: lacking } = buildRequest(provider, outgoing, own?.body ?? call.skim, raw, {
      askUsage,
      headers,
      modelIn: upstream.modelIn,
      meant: own ? undefined : call.body,
    });
    const dropped = own ? [...own.dropped, ...lacking] : lacking;
    const { stream, n } = facts;
    // Callers of other protocols ask the vendor itself for more answers than one.
    const fansOut = upstream.name === 'openai-chat' && n > provider.maxN;
    const calling = () => call.calling(fansOut ? n : 1);
    const once = (partFlow: Flow, partCancel: Cancel): Promise<Reply> =>
      this.#exchange(provider, outgoing, request, { flow: partFlow, cancel: partCancel, calling });
    const sawUsage = (usage: Usage, calls: number) => call.sawUsage(usage, { provider, calls, usageIsRead: false });
    let reply = await (fansOut
      ? fanOut({ parts: n, stream, once, flow, cancel, upstream, sawUsage })
      : once(flow, cancel));
    if (reply.status >= 400) {
      const text = await errorText(reply);
      if (refusedExtra(reply, text, stream) && askUsage && !facts.includeUsage) {
        // A caller can make an upstream say these words; only what works without the question was refused because of it.
        const opened = await this.#openShared(call, provider, upstream, false);
        this.#refused.add(channel.id, outgoing.model, USAGE);
        return opened;
      }
      throw told(upstream.readError(reply.status, text, reply.headers), reply);
    }
    if (stream) reply = unframed(provider, reply);
    const rewriter = rewriterFor(provider, upstream, facts.model);
    return { reply, provider, upstream, calls: fansOut ? n : 1, rewriter, dropped, usageIsRead: false };
  }

  /** The provider speaks another protocol: the request is read and written anew, the answer is translated as it comes. */
  async #openTranslated(call: Call, provider: Provider): Promise<Opened> {
    const upstream = foreignLanguage(provider, call.channel, call.upstreamModel);
    const asked = call.inbound.readRequest(call.body());
    const { conversation, release } = await this.inlineParts.inline(asked, upstream, call.cancel);
    try {
      return await this.#translate(call, provider, upstream, conversation);
    } finally {
      release(); // the parts have been sent
    }
  }

  async #translate(
    call: Call,
    provider: Provider,
    upstream: ForeignUpstream,
    conversation: Conversation,
  ): Promise<Opened> {
    const { inbound, channel, model, facts, flow, cancel } = call;
    const outgoing = outgoingOf(call, upstream.name);
    const headers = forwardedHeaders(call.headers);
    const written = (without: ReadonlySet<Extra>): TranslatedRequest =>
      translatedRequest(conversation, { provider, upstream, outgoing, model, asked: facts.model, without, headers });
    const known = this.#refused.of(channel.id, outgoing.model);
    let sent = written(known);
    const created = Math.floor(Date.now() / 1000);
    const stamp = { model: facts.model, created, inputTokens: facts.inputTokensEstimate };
    const translation = () => new Translation(inbound, upstream, provider, stamp);
    const once = async (partFlow: Flow, partCancel: Cancel, without = known): Promise<Reply> => {
      if (without !== known) sent = written(without);
      const reply = await this.#exchange(provider, outgoing, sent.request, {
        flow: partFlow,
        cancel: partCancel,
        calling: () => call.calling(facts.n),
      });
      if (reply.status < 400) return facts.stream ? unframed(provider, reply) : reply;
      const text = await errorText(reply);
      const refused = refusedExtra(reply, text, facts.stream, upstream);
      if (refused && !without.has(refused.extra)) {
        const answered = await once(partFlow, partCancel, new Set([...without, refused.extra]));
        if (refused.lasting) this.#refused.add(channel.id, outgoing.model, refused.extra);
        return answered;
      }
      throw told(sent.inCallersWords(upstream.readError(reply.status, text, reply.headers)), reply);
    };
    const { stream, n } = facts;
    // The neutral form has no `n`: one call, one answer.
    if (n === 1) {
      const language = translation();
      const reply = await once(flow, cancel);
      const { dropped } = sent;
      return { reply, provider, upstream: language, calls: 1, rewriter: language, dropped, usageIsRead: true };
    }
    const merging = mergingLanguage(inbound);
    const sawUsage = (usage: Usage, calls: number) => call.sawUsage(usage, { provider, calls, usageIsRead: true });
    const part = async (partFlow: Flow, partCancel: Cancel): Promise<Reply> =>
      translation().reply(await once(partFlow, partCancel), stream);
    const reply = await fanOut({ parts: n, stream, once: part, flow, cancel, upstream: merging, sawUsage });
    const { dropped } = sent;
    return { reply, provider, upstream: merging, calls: n, rewriter: undefined, dropped, usageIsRead: true };
  }

  /** Over the network, or in process where the provider answers itself; then the first-byte deadline is kept here. */
  async #exchange(
    provider: Provider,
    outgoing: Outgoing,
    request: Parameters<Egress['send']>[0],
    { flow, cancel, calling }: { flow: Flow; cancel: Cancel; calling: () => void },
  ): Promise<Reply> {
    const signed = provider.sign ? await provider.sign(request, outgoing) : request;
    if (cancel.reason) throw cancel.reason;
    calling();
    if (!provider.send) return this.egress.send(signed, flow, cancel);
    return withDeadline(provider.send(signed, outgoing, flow), this.config.firstByteTimeoutMs, cancel);
  }
}

function outgoingOf({ endpoint, channel, upstreamModel, facts }: Call, protocol: Outgoing['protocol']): Outgoing {
  return { protocol, endpoint, model: upstreamModel, stream: facts.stream, channel };
}

const unknownProvider = () =>
  new LazuError('upstream_unavailable', 'The channel names a provider that does not exist.', { retryable: true });
