/** Anthropic's answers for tests, as its documentation shows them: https://platform.claude.com/docs/en/build-with-claude/streaming */

export const anthropicUsage = (input: number, output: number, more: object = {}) => ({
  input_tokens: input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: output,
  service_tier: 'standard',
  ...more,
});

export const message = (content: readonly object[], more: object = {}) => ({
  id: 'msg_fake',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: anthropicUsage(10, 5),
  ...more,
});

export const text = (words: string) => ({ type: 'text', text: words });

const frame = (event: { type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** The stream of a whole message: every block in two deltas, output counted up at the end, with pings in between. */
export const messageFrames = (whole: ReturnType<typeof message>, options: { end?: boolean } = {}): string[] =>
  messageEvents(whole, options).map(frame);

/** The same as bare events, for hosts that frame them in their own way. */
export function messageEvents(whole: ReturnType<typeof message>, options: { end?: boolean } = {}): { type: string }[] {
  const { content, stop_reason, usage } = whole;
  const start = { ...whole, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const blocks = content.flatMap((block, index) => [
    { type: 'content_block_start', index, content_block: emptied(block) },
    ...deltasOf(block).map(delta => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]);
  const delta = { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: usage.output_tokens } };
  const events = [{ type: 'message_start', message: start }, { type: 'ping' }, ...blocks];
  return [...events, ...(options.end === false ? [] : [delta, { type: 'message_stop' }])];
}

export const errorFrame = (type: string, said: string): string =>
  frame({ type: 'error', error: { type, message: said } } as { type: string });

function emptied(block: any): object {
  if (block.type === 'text') return { ...block, text: '' };
  if (block.type === 'thinking') return { ...block, thinking: '', signature: '' };
  return block.type === 'tool_use' ? { ...block, input: {} } : block;
}

function deltasOf(block: any): object[] {
  const halves = (whole: string) => [whole.slice(0, whole.length >> 1), whole.slice(whole.length >> 1)];
  if (block.type === 'text') return halves(block.text).map(half => ({ type: 'text_delta', text: half }));
  if (block.type === 'tool_use')
    return ['', ...halves(JSON.stringify(block.input))].map(json => ({ type: 'input_json_delta', partial_json: json }));
  if (block.type !== 'thinking') return [];
  const signature = { type: 'signature_delta', signature: block.signature };
  return [...halves(block.thinking).map(half => ({ type: 'thinking_delta', thinking: half })), signature];
}
