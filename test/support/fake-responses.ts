/** OpenAI's Responses for tests, as its reference shows them: https://platform.openai.com/docs/api-reference/responses-streaming */

export const responsesUsage = (input: number, output: number, cached = 0, reasoning = 0) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
});

export const response = (output: readonly any[], more: object = {}) => ({
  id: 'resp_fake',
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  error: null,
  incomplete_details: null,
  model: 'o3-pro-2025-06-10',
  output,
  service_tier: 'default',
  usage: responsesUsage(10, 5),
  ...more,
});

export const says = (text: string, more: object = {}) => ({
  id: 'msg_1',
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  ...more,
});

export const thinks = (id: string, ...summary: readonly string[]) => ({
  id,
  type: 'reasoning',
  summary: summary.map(text => ({ type: 'summary_text', text })),
  encrypted_content: `encrypted ${id}`,
});

export const calls = (id: string, name: string, input: object) => ({
  id: `fc_${id}`,
  type: 'function_call',
  status: 'completed',
  call_id: id,
  name,
  arguments: JSON.stringify(input),
});

const halves = (whole: string): string[] => [whole.slice(0, whole.length >> 1), whole.slice(whole.length >> 1)];

/** The events of one item: what it says comes in two deltas each. */
export function itemEvents(item: any, output_index: number): any[] {
  const at = { output_index, item_id: item.id };
  const events: any[] = [];
  const said = (type: string, text: string, part: object) => {
    for (const delta of halves(text)) events.push({ type: `${type}.delta`, ...at, ...part, delta });
    events.push({ type: `${type}.done`, ...at, ...part });
  };
  (item.content ?? []).forEach((part: any, content_index: number) => {
    events.push({ type: 'response.content_part.added', ...at, content_index, part: { ...part, text: '' } });
    const name = part.type === 'reasoning_text' ? 'reasoning_text' : part.type;
    said(`response.${name}`, part.text ?? part.refusal, { content_index });
    events.push({ type: 'response.content_part.done', ...at, content_index, part });
  });
  (item.summary ?? []).forEach((part: any, summary_index: number) => {
    events.push({ type: 'response.reasoning_summary_part.added', ...at, summary_index });
    said('response.reasoning_summary_text', part.text, { summary_index });
  });
  if (item.type === 'function_call') said('response.function_call_arguments', item.arguments, {});
  const begun = { ...item, ...(item.content && { content: [] }), ...(item.summary && { summary: [] }) };
  if (item.type === 'function_call') begun.arguments = '';
  return [
    { type: 'response.output_item.added', output_index, item: begun },
    ...events,
    { type: 'response.output_item.done', output_index, item },
  ];
}

/** The events of a whole response's stream. */
export function responseEvents(whole: any): any[] {
  const begun = { ...whole, status: 'in_progress', output: [], usage: null };
  return [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...whole.output.flatMap(itemEvents),
    { type: `response.${whole.status}`, response: whole },
  ].map((event, sequence_number) => ({ ...event, sequence_number }));
}

export const responseFrames = (whole: any): string[] => responseEvents(whole).map(frameOf);

export const frameOf = (event: { type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
