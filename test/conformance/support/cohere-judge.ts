import type { AnthropicReading } from './anthropic-judge.js';

const FINISH: Readonly<Record<string, string>> = {
  ...{ COMPLETE: 'stop', STOP_SEQUENCE: 'stop', TOOL_CALL: 'tool_calls', MAX_TOKENS: 'length' },
  ERROR_TOXIC: 'content_filter',
};

/**
 * What an answer of Cohere's means, by its reference: its SDK gives the events of a stream as they come, and puts nothing together.
 * https://docs.cohere.com/reference/chat-stream
 */
export async function readCohere(url: string, streamed: boolean): Promise<AnthropicReading> {
  const response = await fetch(`${url}/v2/chat`, { method: 'POST', body: '{}' });
  const text = await response.text();
  const { message, finish_reason: finish, usage } = streamed ? assembled(text) : JSON.parse(text);
  const { content = [], tool_plan: plan = '', tool_calls: calls = [] } = message;
  const joined = (field: string): string => content.map((part: any) => part[field] ?? '').join('');
  return {
    content: joined('text'),
    reasoning: joined('thinking') + plan,
    toolCalls: calls.map(({ id, function: { name, arguments: input } }: any) => ({
      ...{ id, name },
      input: JSON.parse(input || '{}') ?? {}, // models say `null` for no arguments
    })),
    finishReason: FINISH[finish]!,
    dimensions: dimensionsOf(usage),
  };
}

/** The events put together by index. */
function assembled(stream: string): any {
  const message: any = { content: [], tool_plan: '', tool_calls: [] };
  const answer: any = { message };
  for (const [, data] of stream.matchAll(/^data: (\{.*)$/gm)) {
    const { type, index, delta } = JSON.parse(data!);
    const said = delta?.message;
    if (type === 'content-start') message.content[index] = { text: '', thinking: '', ...said.content };
    if (type === 'content-delta')
      for (const [field, piece] of Object.entries(said.content)) message.content[index][field] += piece as string;
    if (type === 'tool-plan-delta') message.tool_plan += said.tool_plan;
    if (type === 'tool-call-start') message.tool_calls[index] = said.tool_calls;
    if (type === 'tool-call-delta') message.tool_calls[index].function.arguments += said.tool_calls.function.arguments;
    if (type === 'message-end') Object.assign(answer, delta);
  }
  return answer;
}

/** Charged are the billed units; the preamble is cached first, and free: https://docs.cohere.com/docs/how-does-cohere-pricing-work */
function dimensionsOf({ billed_units: billed, tokens, cached_tokens: cached = 0 }: any): Record<string, number> {
  const preamble = tokens.input_tokens + (tokens.image_tokens ?? 0) - billed.input_tokens;
  const read = Math.max(0, cached - Math.max(0, preamble));
  const quantities = { input: billed.input_tokens - read, cache_read: read, output: billed.output_tokens };
  return Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity > 0));
}
