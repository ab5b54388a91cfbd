/** The same streamed answer in the dialects that are translated: the same words, one event each, the same figures of usage. */
import { streamed, USAGE, wordsOf } from './answers.mjs';

const { prompt_tokens: INPUT, completion_tokens: OUTPUT, total_tokens: TOTAL } = USAGE;

const named = event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
export function messagesStream(count) {
  const usage = { input_tokens: INPUT, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
  const message = { id: 'msg_bench', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5', content: [] };
  const words = wordsOf(count).map(text => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text },
  }));
  const events = [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...words,
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: OUTPUT },
    },
    { type: 'message_stop' },
  ];
  return streamed(events.map(named));
}

/** https://ai.google.dev/api/generate-content: every chunk says what the answer has cost so far, in CRLF lines. */
export function geminiStream(count) {
  const words = wordsOf(count);
  const chunks = words.map((text, at) => {
    const isLast = at === words.length - 1;
    const output = isLast ? OUTPUT : Math.min(at + 1, OUTPUT);
    return {
      candidates: [
        { content: { parts: [{ text }], role: 'model' }, ...(isLast && { finishReason: 'STOP' }), index: 0 },
      ],
      usageMetadata: {
        promptTokenCount: INPUT,
        candidatesTokenCount: output,
        totalTokenCount: INPUT + output,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: INPUT }],
      },
      modelVersion: 'gemini-2.5-flash',
      responseId: 'bench-response',
    };
  });
  return streamed(chunks.map(chunk => `data: ${JSON.stringify(chunk)}\r\n\r\n`));
}

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export function responsesStream(count) {
  const words = wordsOf(count);
  const text = words.join('');
  const place = { item_id: 'msg_bench', output_index: 0 };
  const part = said => ({ type: 'output_text', annotations: [], logprobs: [], text: said });
  const item = (status, content) => ({ id: 'msg_bench', type: 'message', status, content, role: 'assistant' });
  const response = { id: 'resp_bench', object: 'response', created_at: 1_763_800_000, model: 'gpt-5.6-terra' };
  const usage = {
    input_tokens: INPUT,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: OUTPUT,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: TOTAL,
  };
  const whole = item('completed', [part(text)]);
  const events = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: item('in_progress', []) },
    { type: 'response.content_part.added', ...place, content_index: 0, part: part('') },
    ...words.map(delta => ({
      type: 'response.output_text.delta',
      ...place,
      content_index: 0,
      delta,
      logprobs: [],
      obfuscation: 'k2Zq8Lw1',
    })),
    { type: 'response.output_text.done', ...place, content_index: 0, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, content_index: 0, part: part(text) },
    { type: 'response.output_item.done', output_index: 0, item: whole },
    { type: 'response.completed', response: { ...response, status: 'completed', output: [whole], usage } },
  ];
  return streamed(events.map((event, sequence_number) => named({ ...event, sequence_number })));
}
