import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Flow } from '../../egress/flow.js';
import type { Reply, UpstreamRequest } from '../../egress/reply.js';
import { LazuError } from '../../errors.js';
import { defineProvider } from '../provider.js';
import { answerTo } from './answer.js';
import { switchesOf } from './fault.js';
import { played } from './play.js';
import { readRequest, type SandboxRequest } from './request.js';
import { loadTokenizer } from './tokens.js';
import { chunkObjects, completionObject, type Stamp } from './wire.js';

/**
 * A provider without a network: answers in process, always the same to the same request, and fails when it is told to. It speaks
 * real wire bytes, so everything behind it runs as with a vendor. What callers can ask of it: docs/sandbox.md.
 */
export const sandbox = defineProvider({
  name: 'sandbox',
  title: 'Sandbox',
  baseUrl: 'sandbox://lazu',
  authorize: () => ({}),
  refuses: ['audio', 'functions', 'function_call', 'modalities', 'web_search_options'],
  maxN: 8,
  send: async (request, _outgoing, flow) => {
    try {
      return await answered(request, flow);
    } catch (error) {
      if (!(error instanceof LazuError) || error.status !== 400) throw error;
      return refusal(400, { message: error.message, type: error.type, param: error.param, code: null }, flow);
    }
  },
});

async function answered(upstream: UpstreamRequest, flow: Flow): Promise<Reply> {
  const bytes = upstream.body ?? new Uint8Array();
  const request = readRequest(JSON.parse(Buffer.from(bytes).toString()) as unknown);
  const { fault, delayMs } = switchesOf(request);
  if (fault === '429') return refusal(429, RATE_LIMITED, flow, { 'retry-after': '1' });
  if (fault === '500') return refusal(500, BROKEN, flow);
  if (fault === 'timeout') {
    await wait(delayMs);
    throw new LazuError('upstream_timeout', 'The provider did not answer in time.', { retryable: true });
  }
  const mark = createHash('sha256').update(bytes).digest('hex').slice(0, 24);
  const stamp = { mark, created: Math.floor(Date.now() / 1000), model: request.model };
  const frames = await framesFor(request, stamp);
  const headers = {
    'content-type': request.stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    'x-request-id': `req_sandbox_${mark}`,
  };
  const kept = frames.slice(0, Math.floor(frames.length / 2));
  switch (fault) {
    case 'cut':
      return { status: 200, headers, bytes$: played(kept, { delayMs, flow, broken: cut() }) };
    case 'malformed':
      return { status: 200, headers, bytes$: played([...kept, garbage(request)], { delayMs, flow }) };
    case 'slow':
    case undefined:
      return { status: 200, headers, bytes$: played(frames, { delayMs, flow }) };
  }
}

/** A whole answer comes in two halves, so that it too can break off in the middle. */
async function framesFor(request: SandboxRequest, stamp: Stamp): Promise<Uint8Array[]> {
  const answer = answerTo(request, await loadTokenizer());
  if (request.stream) {
    const chunks = chunkObjects(request, answer, stamp).map(chunk => JSON.stringify(chunk));
    return [...chunks, '[DONE]'].map(data => Buffer.from(`data: ${data}\n\n`));
  }
  const whole = Buffer.from(JSON.stringify(completionObject(request, answer, stamp)));
  const half = whole.length >> 1;
  return [whole.subarray(0, half), whole.subarray(half)];
}

/** What is no JSON, and no `[DONE]` or closing brace behind it. */
const garbage = ({ stream }: SandboxRequest): Uint8Array =>
  Buffer.from(stream ? 'data: {"id":"chatcmpl-\n\n' : '"<malformed>');

const cut = (): LazuError =>
  new LazuError('upstream_error', 'The connection to the provider broke off.', { retryable: true });

const RATE_LIMITED = {
  message: 'The sandbox was told to be rate limited.',
  type: 'requests',
  param: null,
  code: 'rate_limit_exceeded',
};
const BROKEN = { message: 'The sandbox was told to fail.', type: 'server_error', param: null, code: null };

/** https://platform.openai.com/docs/guides/error-codes */
function refusal(status: number, error: object, flow: Flow, extra: Record<string, string> = {}): Reply {
  const headers = { 'content-type': 'application/json', ...extra };
  return { status, headers, bytes$: played([Buffer.from(JSON.stringify({ error }))], { delayMs: 0, flow }) };
}
