/** Cohere's answers for tests, as its reference shows them: https://docs.cohere.com/reference/chat-stream */

export const cohereUsage = (input: number, output: number, more: object = {}) => ({
  billed_units: { input_tokens: input, output_tokens: output },
  tokens: { input_tokens: input + 500, output_tokens: output },
  ...more,
});

export const cohereAnswer = (message: object, more: object = {}) => ({
  id: 'fake-cohere',
  finish_reason: 'COMPLETE',
  message: { role: 'assistant', ...message },
  usage: cohereUsage(10, 5),
  ...more,
});

export const cohereCall = (id: string, name: string, input: object) => ({
  ...{ id, type: 'function' },
  function: { name, arguments: JSON.stringify(input) },
});

const frame = (event: { readonly type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const halves = (whole: string): string[] => [whole.slice(0, whole.length >> 1), whole.slice(whole.length >> 1)];

/** The stream of a whole answer: every part in two deltas. */
export function cohereFrames(whole: ReturnType<typeof cohereAnswer>, options: { end?: boolean } = {}): string[] {
  const { content = [], tool_plan: plan = '', tool_calls: calls = [] } = whole.message as any;
  const parts = (content as any[]).flatMap((part, index) => {
    const [field, empty] = part.type === 'thinking' ? ['thinking', { thinking: '' }] : ['text', { text: '' }];
    return [
      { type: 'content-start', index, delta: { message: { content: { type: part.type, ...empty } } } },
      ...halves(part[field]).map(half => ({
        ...{ type: 'content-delta', index },
        delta: { message: { content: { [field]: half } } },
      })),
      { type: 'content-end', index },
    ];
  });
  const plans = halves(plan).map(half => ({ type: 'tool-plan-delta', delta: { message: { tool_plan: half } } }));
  const called = (calls as any[]).flatMap(({ function: { name, arguments: input }, ...call }, index) => [
    {
      ...{ type: 'tool-call-start', index },
      delta: { message: { tool_calls: { ...call, function: { name, arguments: '' } } } },
    },
    ...halves(input).map(half => ({
      ...{ type: 'tool-call-delta', index },
      delta: { message: { tool_calls: { function: { arguments: half } } } },
    })),
    { type: 'tool-call-end', index },
  ]);
  const { id, finish_reason, usage } = whole;
  const start = { type: 'message-start', id, delta: { message: { role: 'assistant', content: [] } } };
  const end = [{ type: 'message-end', delta: { finish_reason, usage } }];
  const events = [start, ...parts, ...(plan === '' ? [] : plans), ...called, ...(options.end === false ? [] : end)];
  return [...events.map(frame), ...(options.end === false ? [] : ['data: [DONE]\n\n'])];
}
