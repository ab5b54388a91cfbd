import { createHash } from 'node:crypto';
import type OpenAI from 'openai';
import type { Reading } from './judge.js';

/** What OpenAI's own SDK made of an answer of Responses, in the words of `Reading`. */
export interface ResponsesReading {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finishReason: string;
  readonly dimensions: Readonly<Record<string, number>>;
  /** Encrypted items that a caller must be able to send back. */
  readonly encrypted: readonly string[];
}

/** @throws OpenAI.APIError as the SDK does, and for a response that failed */
export async function readWithResponses(client: OpenAI, stream: boolean): Promise<ResponsesReading> {
  if (!stream) {
    const whole = await client.responses.create({ model: 'any', input: 'any' });
    return reading(whole, whole.output, whole.output_text, undefined);
  }
  const items: any[] = [];
  let thought = '';
  let last: any;
  for await (const event of await client.responses.create({ model: 'any', input: 'any', stream: true })) {
    if (event.type === 'response.reasoning_text.delta') thought += event.delta;
    // The last event's encrypted content is another: this is the one to send back, says the specification.
    if (event.type === 'response.output_item.done') items.push(event.item);
    if (event.type === 'response.completed' || event.type === 'response.incomplete') last = event.response;
  }
  if (!last) throw new Error('the recorded stream has no end');
  return reading(last, items, textOf(items), thought === '' ? undefined : thought);
}

function reading(response: any, items: readonly any[], content: string, thought: string | undefined): ResponsesReading {
  const of = (type: string) => items.filter(item => item.type === type);
  const thoughts = of('reasoning').map(({ content: open, summary }) => {
    const parts = (open?.length > 0 ? open : summary) as { text: string }[];
    return parts.map(({ text }) => text).join('\n\n');
  });
  const toolCalls = of('function_call').map(call => ({
    id: call.call_id as string,
    name: call.name as string,
    input: JSON.parse(call.arguments) as unknown,
  }));
  const incomplete = response.incomplete_details?.reason;
  return {
    content,
    reasoning: thought ?? thoughts.join(''),
    toolCalls,
    finishReason: finishReason(incomplete, toolCalls.length > 0),
    dimensions: dimensionsOf(response.usage, items),
    encrypted: of('reasoning').flatMap(({ encrypted_content }) =>
      encrypted_content ? [digest(encrypted_content)] : [],
    ),
  };
}

const textOf = (items: readonly any[]): string =>
  items
    .flatMap(({ type, content }) => (type === 'message' ? content.map((part: any) => part.text ?? '') : []))
    .join('');

function finishReason(incomplete: string | undefined, called: boolean): string {
  if (incomplete === 'max_output_tokens') return 'length';
  if (incomplete === 'content_filter') return 'content_filter';
  return called ? 'tool_calls' : 'stop';
}

/** Tokens by contract §13, from the names that OpenAI's reference gives them. */
function dimensionsOf(usage: any, items: readonly any[]): Record<string, number> {
  const { cached_tokens: cached, cache_write_tokens: written = 0 } = usage.input_tokens_details;
  const searches = items.filter(
    ({ type, action }) => type === 'web_search_call' && (action?.type ?? 'search') === 'search',
  );
  const quantities = {
    input: usage.input_tokens - cached - written,
    cache_read: cached,
    cache_write_5m: written,
    output: usage.output_tokens,
    tool_web_search: searches.length,
    tool_code_execution: items.filter(({ type }) => type === 'code_interpreter_call').length,
    tool_other: items.filter(({ type }) => type === 'file_search_call').length,
  };
  return Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity > 0));
}

/** Long enough to fill a screen otherwise. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The same of what the SDK read of the chat answer. */
export function comparableChat({ choices }: Reading): Omit<ResponsesReading, 'dimensions'> {
  const { content, reasoning, toolCalls, finishReason, sealed } = choices![0]!;
  const seals = sealed !== '' ? (JSON.parse(Buffer.from(sealed, 'base64url').toString()) as any[]) : [];
  return {
    content: (content as string | null) ?? '',
    reasoning,
    toolCalls: toolCalls as any,
    finishReason: finishReason!,
    encrypted: seals.flatMap(({ sealed: { value } }) =>
      value.type === 'reasoning' ? [digest(value.encrypted_content)] : [],
    ),
  };
}
