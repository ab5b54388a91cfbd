import Anthropic from '@anthropic-ai/sdk';
import type { Reading } from './judge.js';

/** What Anthropic's own SDK made of an answer, in the words of `Reading` where both dialects can say it. */
export interface AnthropicReading {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finishReason: string;
  readonly dimensions: Readonly<Record<string, number>>;
}

const FINISH: Readonly<Record<string, string>> = {
  ...{ end_turn: 'stop', stop_sequence: 'stop', pause_turn: 'stop', tool_use: 'tool_calls', max_tokens: 'length' },
  ...{ refusal: 'content_filter', model_context_window_exceeded: 'length' },
};

/** @throws Anthropic.APIError as the SDK does */
export async function readWithAnthropic(client: Anthropic, stream: boolean): Promise<AnthropicReading> {
  const request = { model: 'any', max_tokens: 1, messages: [{ role: 'user' as const, content: 'any' }] };
  const message = stream
    ? await client.beta.messages.stream(request).finalMessage()
    : await client.beta.messages.create(request);
  const blocks = message.content as any[];
  const joined = (type: string, field: string) =>
    blocks
      .filter(block => block.type === type)
      .map(block => block[field] as string)
      .join('');
  return {
    content: joined('text', 'text'),
    reasoning: joined('thinking', 'thinking'),
    toolCalls: blocks
      .filter(block => block.type === 'tool_use')
      .map(({ id, name, input }) => ({ id, name, input: input as unknown })),
    finishReason: FINISH[message.stop_reason ?? ''] ?? 'stop',
    dimensions: tokensOf(message.usage),
  };
}

/** Token dimensions of contract §13; what it cost to compact the context stands beside the figures at the top. */
export function tokensOf(usage: Record<string, any>): Record<string, number> {
  const compactions = ((usage['iterations'] ?? []) as Record<string, any>[]).filter(
    ({ type }) => type === 'compaction',
  );
  const sum = (figure: (part: Record<string, any>) => number | null | undefined) =>
    [usage, ...compactions].reduce((total, part) => total + (figure(part) ?? 0), 0);
  const hour = sum(part => part['cache_creation']?.ephemeral_1h_input_tokens);
  const quantities = {
    input: sum(part => part['input_tokens']),
    cache_read: sum(part => part['cache_read_input_tokens']),
    cache_write_5m: sum(part => part['cache_creation_input_tokens']) - hour,
    cache_write_1h: hour,
    output: sum(part => part['output_tokens']),
  };
  return Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity > 0));
}

/** The same of what OpenAI's SDK read. */
export function comparable({ choices }: Reading): Omit<AnthropicReading, 'dimensions'> {
  const { content, reasoning, toolCalls, finishReason } = choices![0]!;
  return {
    content: (content as string | null) ?? '',
    reasoning,
    toolCalls: toolCalls as any,
    finishReason: finishReason!,
  };
}
