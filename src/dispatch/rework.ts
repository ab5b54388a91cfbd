import type { Reply } from '../egress/reply.js';
import type { AnswerRewriter, Upstream } from '../protocols/protocol.js';
import type { Provider } from '../providers/provider.js';

/** A stream in frames of another kind is one of server-sent events from here on. */
export function unframed(provider: Provider, reply: Reply): Reply {
  if (!provider.unframe) return reply;
  const headers = { ...reply.headers, 'content-type': 'text/event-stream' };
  return { ...reply, headers, bytes$: provider.unframe(reply.bytes$) };
}

/** What an answer in the caller's own protocol must say otherwise than its upstream did. */
export function rewriterFor(provider: Provider, upstream: Upstream, asked: string): AnswerRewriter | undefined {
  const { privateModelNames, reasoningField, contentInParts = false } = provider;
  if (privateModelNames !== true && reasoningField === undefined && !contentInParts) return undefined;
  return upstream.answerRewriter({
    model: privateModelNames ? asked : undefined,
    reasoningField,
    contentInParts,
  });
}
