import { inputBound } from '../../src/dispatch/worst-case.js';
import { LazuError } from '../../src/errors.js';
import { gemini } from '../../src/protocols/gemini/index.js';
import { geminiInbound } from '../../src/protocols/gemini/inbound.js';
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js';
import { openaiChat } from '../../src/protocols/openai-chat/index.js';
import type { Inbound, RequestFacts, Upstream } from '../../src/protocols/protocol.js';
import { inputTokensOf, tokensOf, type Usage } from '../../src/protocols/usage.js';
import { providerNamed } from '../../src/providers/index.js';
import { describeWith, materials } from '../support/materials.js';
import { anthropicExchanges } from './support/anthropic-exchange.js';
import { recordedExchanges, type Exchange } from './support/exchange.js';
import { geminiExchanges } from './support/gemini-exchange.js';

interface Recorded extends Pick<Exchange, 'name' | 'provider' | 'status' | 'bytes' | 'streamed'> {
  readonly asked: Record<string, any>;
  readonly inbound: Inbound;
  readonly upstream: Upstream;
}

/** Undefined: refused. */
function factsOf(inbound: Inbound, asked: Record<string, any>): RequestFacts | undefined {
  try {
    return inbound.readFacts(asked, Buffer.byteLength(JSON.stringify(asked)));
  } catch (error) {
    if (error instanceof LazuError) return undefined;
    throw error;
  }
}

const folder = materials('recordings', 'holding for recorded requests');

const usageIn = ({ upstream, bytes, streamed }: Recorded): Usage | undefined => {
  if (!streamed) return upstream.usageOf(JSON.parse(bytes.toString()));
  const watch = upstream.frameWatch({ includeUsage: true });
  watch.see(bytes);
  watch.ended();
  return watch.usage;
};

function recordedRequests(recordings: string): Recorded[] {
  const target = (model: string) => geminiInbound({ model, stream: false, form: 'events', thoughts: true });
  return [
    ...recordedExchanges(recordings)
      .filter(({ url }) => url !== undefined)
      .map(one => ({ ...one, asked: one.request, inbound: openaiChat, upstream: openaiChat })),
    ...anthropicExchanges(recordings)
      .filter(({ own }) => own !== undefined)
      .map(one => ({ ...one, asked: one.own!, inbound: anthropicMessages, upstream: anthropicMessages })),
    ...(['gemini', 'vertex'] as const)
      .flatMap(provider => geminiExchanges(recordings, provider))
      .filter(({ own }) => own !== undefined)
      .map(one => ({ ...one, asked: one.own!, inbound: target('m'), upstream: gemini })),
  ].filter(({ status }) => status === 200);
}

/** Tools that the host would run: such a request is refused before anything is held. */
const isRefused = ({ provider, asked }: Recorded): boolean =>
  provider === 'openrouter' && (asked.tools ?? []).some(({ type }: { type: string }) => type !== 'function');

describeWith(folder, 'what is held for a recorded request', recordings => {
  it('is never less than the vendor counted: input, tools and hidden prompts with it, and output', () => {
    const below: object[] = [];
    let count = 0;
    for (const one of recordedRequests(recordings)) {
      if (isRefused(one)) continue;
      const { asked, inbound, provider, name } = one;
      const usage = usageIn(one);
      if (!usage) continue;
      const facts = factsOf(inbound, asked);
      if (!facts) continue;
      const read = providerNamed(provider)?.readUsage?.(usage.raw, usage) ?? usage;
      const input = inputTokensOf(read);
      const output = tokensOf(read) - input;
      const bound = inputBound(facts, /claude/.test(facts.model) ? 'anthropic' : 'other');
      const most = (facts.maxOutputTokens ?? Infinity) * facts.n;
      if (input > bound || output > most) below.push({ name, input, bound, output, most });
      count++;
    }
    expect(below).toEqual([]);
    expect(count).toBeGreaterThan(600);
  });
});
