import { Observable, of } from 'rxjs';
import { Cancel } from '../egress/cancel.js';
import { Flow } from '../egress/flow.js';
import type { Reply } from '../egress/reply.js';
import { LazuError } from '../errors.js';
import type { JsonObject, Upstream } from '../protocols/protocol.js';
import type { Usage } from '../protocols/usage.js';
import { FrameGatherer } from '../protocols/sse.js';
import { garbled } from '../protocols/upstream-error.js';
import { collect } from './collect.js';
import { parseAnswer } from './parse-answer.js';

const PART_LIMIT = 64 * 1024 * 1024;

interface FanOut {
  readonly parts: number;
  readonly once: (flow: Flow, cancel: Cancel) => Promise<Reply>;
  readonly stream: boolean;
  readonly flow: Flow;
  readonly cancel: Cancel;
  readonly upstream: Upstream;
  /** Told what so many finished parts used when another part failed. */
  readonly sawUsage: (usage: Usage, parts: number) => void;
}

interface Part {
  readonly reply: Reply;
  /** Of a refusal. */
  readonly body: string;
  /** Of a good answer. */
  readonly answer: JsonObject;
}

/**
 * `n` answers from a vendor that gives one at a time: parallel calls on one route, made into the one Reply that a vendor with `n`
 * would have sent, so that nobody behind it knows. A failing part ends the request in an error; finished parts are charged.
 * @returns the merged reply, or the failing part's own where nothing has been finished: then another route may be tried
 */
export async function fanOut(plan: FanOut): Promise<Reply> {
  const flows = Array.from({ length: plan.parts }, () => new Flow());
  const cancels = flows.map(() => new Cancel());
  plan.flow.drive({
    pause: () => flows.forEach(flow => flow.hold()),
    resume: () => flows.forEach(flow => flow.resume()),
  });
  plan.cancel.listen(reason => cancels.forEach(cancel => cancel.cancel(reason)));
  const calls = flows.map((flow, part) => plan.once(flow, cancels[part]!));
  if (!plan.stream) return mergeWhole(plan, calls);

  const heads = await Promise.allSettled(calls);
  const failed = heads.find(head => head.status === 'rejected' || head.value.status >= 400);
  if (!failed)
    return mergeStreams(
      plan,
      heads.filter(head => head.status === 'fulfilled').map(head => head.value),
    );
  heads.forEach((head, part) => {
    // What the failed part says is still to be read.
    if (head !== failed) cancels[part]?.cancel(new LazuError('upstream_error', 'Another part of this request failed.'));
  });
  if (failed.status === 'rejected') throw failed.reason;
  return failed.value;
}

async function mergeWhole({ upstream, sawUsage }: FanOut, calls: readonly Promise<Reply>[]): Promise<Reply> {
  const parts = await Promise.allSettled(calls.map(call => readPart(call, upstream)));
  const good = parts
    .filter(part => part.status === 'fulfilled')
    .map(part => part.value)
    .filter(part => part.reply.status < 400);
  const bad = parts.find(part => part.status === 'rejected' || part.value.reply.status >= 400);
  if (!bad) {
    const merged = Buffer.from(JSON.stringify(upstream.mergeAnswers(good.map(part => part.answer))));
    return { ...good[0]!.reply, bytes$: of(merged) };
  }
  const error: unknown = bad.status === 'rejected' ? bad.reason : undefined;
  if (good.length === 0) {
    if (bad.status === 'rejected') throw error;
    return { ...bad.value.reply, bytes$: of(Buffer.from(bad.value.body)) };
  }
  const finished = upstream.usageOf(upstream.mergeAnswers(good.map(part => part.answer)));
  if (finished) sawUsage(finished, good.length);
  throw final(
    bad.status === 'fulfilled'
      ? upstream.readError(bad.value.reply.status, bad.value.body, bad.value.reply.headers)
      : error,
  );
}

/** @throws LazuError for an answer that cannot be read, or that is an error after all */
async function readPart(call: Promise<Reply>, upstream: Upstream): Promise<Part> {
  const reply = await call;
  const bytes = await collect(reply.bytes$, PART_LIMIT);
  if (reply.status >= 400) return { reply, body: bytes.toString('utf8'), answer: {} };
  const answer = parseAnswer(bytes);
  const error = upstream.errorIn(answer);
  if (error) throw error;
  return { reply, body: '', answer };
}

function mergeStreams({ upstream, sawUsage }: FanOut, replies: readonly Reply[]): Reply {
  const bytes$ = new Observable<Uint8Array>(out => {
    const merger = upstream.answerMerger();
    const usages: JsonObject[] = [];
    let open = replies.length;
    const send = (frames: string) => {
      if (frames !== '') out.next(Buffer.from(frames));
    };
    const fail = (error: unknown) => {
      const finished = upstream.frameWatch({ includeUsage: false });
      finished.see(Buffer.from(merger.end(usages)));
      if (finished.usage) sawUsage(finished.usage, usages.length);
      out.error(final(error));
    };
    const subscriptions = replies.map((reply, part) => {
      const gatherer = new FrameGatherer(PART_LIMIT);
      const watch = upstream.frameWatch({ includeUsage: false });
      let over = false;
      const see = (frames: Buffer) => {
        const content = watch.see(frames);
        send(merger.push(part, Buffer.from(content)));
        if (watch.error) return fail(watch.error);
        if (!watch.complete || over) return;
        over = true;
        send(merger.push(part, Buffer.from(watch.terminal()))); // some protocols end with what they have to say
        if (watch.usage) usages.push(watch.usage.raw);
        if (--open > 0) return;
        send(merger.end(usages));
        out.next(upstream.frameWatch({ includeUsage: false }).terminal());
        out.complete();
      };
      return reply.bytes$.subscribe({
        next: chunk => {
          try {
            see(gatherer.push(chunk));
          } catch (error) {
            fail(garbled(error)); // RxJS would throw it at the whole process
          }
        },
        error: fail,
        complete: () => {
          if (over) return;
          see(gatherer.end());
          watch.ended();
          if (watch.complete) see(Buffer.alloc(0));
          else fail(new LazuError('upstream_error', 'The model provider broke off one of the answers.'));
        },
      });
    });
    return () => subscriptions.forEach(subscription => subscription.unsubscribe());
  });
  return { ...replies[0]!, bytes$ };
}

/** Parts have been paid for: another route would make the caller pay twice. */
function final(thrown: unknown): LazuError {
  const error = LazuError.from(thrown);
  return new LazuError(error.code, error.message, {
    param: error.param,
    retryAfter: error.retryAfter,
    cause: error.cause,
  });
}
