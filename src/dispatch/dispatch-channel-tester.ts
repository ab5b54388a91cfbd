import { Injectable } from '@nestjs/common';
import { type ChannelTester, type ChannelTestResult } from '../catalog/channel-tester.js';
import type { Channel, Model } from '../catalog/route.js';
import { Cancel } from '../egress/cancel.js';
import { Flow } from '../egress/flow.js';
import { LazuError } from '../errors.js';
import { openaiChat } from '../protocols/openai-chat/index.js';
import type { JsonObject } from '../protocols/protocol.js';
import { Attempts } from './attempts.js';
import { collect } from './collect.js';
import { UpstreamStatus } from './upstream-status.js';

/** Bytes. */
const ANSWER_LIMIT = 1024 * 1024;

const garbled = () => new LazuError('upstream_error', 'The answer is not JSON. Is the base URL right?');

/** A real call through one channel, as small as one can be. An operator's own act: not metered, not limited. */
@Injectable()
export class DispatchChannelTester implements ChannelTester {
  constructor(private readonly attempts: Attempts) {}

  async test(channel: Channel, model: Model, upstreamModel: string): Promise<ChannelTestResult> {
    const startedAt = performance.now();
    const took = () => Math.round(performance.now() - startedAt);
    try {
      const body = {
        model: upstreamModel,
        messages: [{ role: 'user', content: 'Say ok.' }],
        max_completion_tokens: 16,
      };
      const { reply, upstream, rewriter } = await this.attempts.open({
        inbound: openaiChat,
        endpoint: 'chat',
        channel,
        model,
        upstreamModel,
        skim: body,
        body: () => body,
        raw: Buffer.from(JSON.stringify(body)),
        headers: {},
        facts: { model: upstreamModel, stream: false, includeUsage: false, n: 1, inputTokensEstimate: 8 },
        flow: new Flow(),
        cancel: new Cancel(),
        sawUsage: () => undefined,
        calling: () => undefined,
      });
      const bytes = await collect(reply.bytes$, ANSWER_LIMIT);
      const answer = JSON.parse(bytes.toString('utf8')) as JsonObject;
      const error = upstream.errorIn(answer);
      if (error) throw error;
      return {
        ok: true,
        duration_ms: took(),
        upstream_status: reply.status,
        answer: upstream.outputTextIn(JSON.stringify(rewriter?.answer(answer) ?? answer)).slice(0, 200),
        error: null,
      };
    } catch (thrown) {
      const { code, message, cause } = thrown instanceof SyntaxError ? garbled() : LazuError.from(thrown);
      const upstream_status = cause instanceof UpstreamStatus ? cause.status : null;
      return { ok: false, duration_ms: took(), upstream_status, answer: null, error: { code, message } };
    }
  }
}
