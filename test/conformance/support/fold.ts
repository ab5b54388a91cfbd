import type { Exchange } from './exchange.js';
import type { Reading } from './judge.js';
import type { Replay } from './replay-server.js';

type Twin = Replay & { readonly streamed: boolean };

const ok = (name: string, contentType: string, text: string) => ({
  name: `${name} twin`,
  status: 200,
  headers: { 'content-type': contentType },
  bytes: Buffer.from(text),
});

/** A recorded stream as the whole answer that says the same: what the judge heard, put together. */
export function folded(raw: Reading, { name, bytes }: Exchange): Twin {
  const choices = raw.choices!.map(choice => ({
    index: choice.index,
    message: { role: 'assistant', content: choice.content, reasoning_content: choice.reasoning || undefined },
    finish_reason: choice.finishReason,
  }));
  // What says the tier beside the usage is part of the price.
  const tier = /"service_tier"\s*:\s*"(\w+)"/.exec(bytes.toString())?.[1];
  const answer = {
    ...{ id: raw.id, object: 'chat.completion', created: 1, model: raw.model },
    ...{ choices, usage: raw.usage, service_tier: tier },
  };
  return { ...ok(name, 'application/json', JSON.stringify(answer)), streamed: false };
}

/** A recorded whole answer as the stream that says the same: one chunk, then the usage. */
export function unfolded({ name, bytes }: Exchange): Twin {
  const { choices, usage, ...head } = JSON.parse(bytes.toString());
  const chunk = {
    ...head,
    object: 'chat.completion.chunk',
    choices: choices.map(({ message, ...choice }: { message: object }) => ({ ...choice, delta: message })),
  };
  const frames = [chunk, { ...chunk, choices: [], usage }].map(frame => `data: ${JSON.stringify(frame)}\n\n`);
  return { ...ok(name, 'text/event-stream', `${frames.join('')}data: [DONE]\n\n`), streamed: true };
}
