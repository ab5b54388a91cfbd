import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { AnthropicReading } from './anthropic-judge.js';

/** The same of both dialects. */
export type BedrockReading = AnthropicReading;

const FINISH: Readonly<Record<string, string>> = {
  ...{ end_turn: 'stop', stop_sequence: 'stop', tool_use: 'tool_calls', max_tokens: 'length' },
  ...{ content_filtered: 'content_filter', guardrail_intervened: 'content_filter' },
  model_context_window_exceeded: 'length',
};

export const bedrockClient = (endpoint: string): BedrockRuntimeClient =>
  new BedrockRuntimeClient({
    ...{ endpoint, region: 'us-east-1', maxAttempts: 1 },
    requestHandler: new NodeHttpHandler(), // its own would speak HTTP/2
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  });

interface Heard {
  content: string;
  reasoning: string;
  calls: { id: string; name: string; input: unknown }[];
  stopReason: string | undefined;
  usage: any;
}

/** What AWS's own SDK made of an answer of Converse. @throws as the SDK does */
export async function readWithAws(client: BedrockRuntimeClient, stream: boolean): Promise<BedrockReading> {
  const request = { modelId: 'any', messages: [] };
  const heard = stream
    ? await fold((await client.send(new ConverseStreamCommand(request))).stream!)
    : readWhole(await client.send(new ConverseCommand(request)));
  const { usage } = heard;
  const hour = ((usage.cacheDetails ?? []) as any[])
    .filter(({ ttl }) => ttl === '1h')
    .reduce((sum, { inputTokens }) => sum + (inputTokens as number), 0);
  const quantities: Record<string, number> = {
    input: usage.inputTokens,
    cache_read: usage.cacheReadInputTokens ?? 0,
    cache_write_5m: (usage.cacheWriteInputTokens ?? 0) - hour,
    cache_write_1h: hour,
    output: usage.outputTokens,
  };
  return {
    content: heard.content,
    reasoning: heard.reasoning,
    toolCalls: heard.calls,
    finishReason: FINISH[heard.stopReason ?? ''] ?? 'stop',
    dimensions: Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity > 0)),
  };
}

function readWhole({ output, stopReason, usage }: any): Heard {
  const heard: Heard = { content: '', reasoning: '', calls: [], stopReason, usage };
  for (const { text, reasoningContent, toolUse, citationsContent } of output.message.content) {
    heard.content += text ?? '';
    for (const cited of citationsContent?.content ?? []) heard.content += cited.text;
    heard.reasoning += reasoningContent?.reasoningText?.text ?? '';
    if (toolUse && toolUse.type !== 'server_tool_use')
      heard.calls.push({ id: toolUse.toolUseId, name: toolUse.name, input: toolUse.input });
  }
  return heard;
}

async function fold(events: AsyncIterable<any>): Promise<Heard> {
  const heard: Heard = { content: '', reasoning: '', calls: [], stopReason: undefined, usage: undefined };
  const inputs = new Map<number, string>();
  const begun = new Map<number, { id: string; name: string }>();
  for await (const { contentBlockStart: start, contentBlockDelta: piece, messageStop, metadata } of events) {
    const { toolUse } = start?.start ?? {};
    if (toolUse && toolUse.type !== 'server_tool_use')
      begun.set(start.contentBlockIndex, { id: toolUse.toolUseId, name: toolUse.name });
    const { delta, contentBlockIndex: index } = piece ?? {};
    heard.content += delta?.text ?? '';
    heard.reasoning += delta?.reasoningContent?.text ?? '';
    if (delta?.toolUse) inputs.set(index, (inputs.get(index) ?? '') + (delta.toolUse.input as string));
    heard.stopReason ??= messageStop?.stopReason;
    heard.usage ??= metadata?.usage;
  }
  heard.calls = [...begun].map(([index, call]) => ({ ...call, input: JSON.parse(inputs.get(index) || '{}') }));
  return heard;
}

/** An answer of Anthropic's inside AWS's frames, as Anthropic would have sent it itself. */
export async function unwrapWithAws(client: BedrockRuntimeClient, stream: boolean): Promise<Buffer> {
  const request = { modelId: 'any', body: '{}' };
  if (!stream) return Buffer.from((await client.send(new InvokeModelCommand(request))).body);
  const { body } = await client.send(new InvokeModelWithResponseStreamCommand(request));
  let frames = '';
  for await (const { chunk } of body!) {
    const json = Buffer.from(chunk!.bytes!).toString('utf8');
    frames += `event: ${JSON.parse(json).type}\ndata: ${json}\n\n`;
  }
  return Buffer.from(frames);
}
