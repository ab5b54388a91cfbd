import { setTimeout as sleep } from 'node:timers/promises';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { Script } from './fake-upstream.js';

/** Amazon Bedrock's answers for tests: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */

const codec = new EventStreamCodec(
  bytes => Buffer.from(bytes).toString('utf8'),
  text => Buffer.from(text),
);

const message = (headers: Record<string, string>, body: Uint8Array): Buffer => {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]);
  return Buffer.from(codec.encode({ headers: Object.fromEntries(typed), body }));
};

/** One event as AWS frames it, with the padding that hides its length. */
export const awsEvent = (name: string, payload: object): Buffer =>
  message(
    { ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' },
    Buffer.from(JSON.stringify({ ...payload, p: 'abcdefghij' })),
  );

export const awsException = (name: string, said: string): Buffer =>
  message(
    { ':exception-type': name, ':content-type': 'application/json', ':message-type': 'exception' },
    Buffer.from(JSON.stringify({ message: said })),
  );

/** An event of Anthropic's, as `invoke-with-response-stream` wraps it. */
export const awsChunk = (event: object): Buffer =>
  awsEvent('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') });

export const tokenUsage = (input: number, output: number, more: object = {}) => ({
  inputTokens: input,
  outputTokens: output,
  totalTokens: input + output,
  ...more,
});

export const converseAnswer = (content: readonly object[], more: object = {}) => ({
  metrics: { latencyMs: 5 },
  output: { message: { role: 'assistant', content } },
  stopReason: 'end_turn',
  usage: tokenUsage(10, 5),
  ...more,
});

/** The stream of a whole answer: every block in two deltas, the usage behind the stop reason. */
export function converseFrames(whole: ReturnType<typeof converseAnswer>, options: { end?: boolean } = {}): Buffer[] {
  const blocks = whole.output.message.content.flatMap((block: any, contentBlockIndex) => {
    const { toolUse } = block;
    const start = toolUse && { toolUse: { name: toolUse.name, toolUseId: toolUse.toolUseId } };
    return [
      ...(start ? [awsEvent('contentBlockStart', { contentBlockIndex, start })] : []),
      ...deltasOf(block).map(delta => awsEvent('contentBlockDelta', { contentBlockIndex, delta })),
      awsEvent('contentBlockStop', { contentBlockIndex }),
    ];
  });
  const { stopReason, usage, metrics } = whole;
  const end = [awsEvent('messageStop', { stopReason }), awsEvent('metadata', { usage, metrics })];
  return [awsEvent('messageStart', { role: 'assistant' }), ...blocks, ...(options.end === false ? [] : end)];
}

function deltasOf({ text, toolUse, reasoningContent }: any): object[] {
  const halves = (whole: string) => [whole.slice(0, whole.length >> 1), whole.slice(whole.length >> 1)];
  if (text !== undefined) return halves(text).map(half => ({ text: half }));
  if (toolUse) return halves(JSON.stringify(toolUse.input)).map(input => ({ toolUse: { input } }));
  const { text: thought, signature } = reasoningContent.reasoningText;
  return [...halves(thought).map(half => ({ text: half })), { signature }].map(piece => ({ reasoningContent: piece }));
}

/** Frames of AWS one after another; `then` says how the answer ends. */
export const answerAws =
  (frames: readonly Buffer[], then: 'end' | 'cut' | 'hang' = 'end'): Script =>
  async (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    for (const frame of frames) response.write(frame);
    if (then === 'end') return void response.end();
    if (then === 'hang') return;
    await sleep(30); // what was written must have left, or it would be cut too
    response.destroy();
  };

export const refuseAws =
  (status: number, type: string, said: string, headers: Record<string, string> = {}): Script =>
  (_request, response) => {
    const named = { 'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/` };
    response.writeHead(status, { 'content-type': 'application/json', ...named, ...headers });
    response.end(JSON.stringify({ message: said }));
  };
