import { message, messageFrames } from './fake-anthropic.js';
import { answerAws, converseAnswer, converseFrames, refuseAws } from './fake-bedrock.js';
import { cohereAnswer, cohereCall, cohereFrames } from './fake-cohere.js';
import { content, contentFrames, geminiError } from './fake-gemini.js';
import { calls, response, responseFrames, says, thinks } from './fake-responses.js';
import { answerJson, answerStream, chatAnswer, chatChunk, type Script, usage } from './fake-upstream.js';

/** What a model says in one answer. `secret` is what its vendor must get back with the thought or the call. */
export interface Saying {
  readonly thought?: string;
  readonly secret?: string;
  readonly text?: string;
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: object }[];
}

export type Refusal = 'limited' | 'busy' | 'too long' | 'forbidden' | 'wrong key';

/** A protocol that vendors speak, and how things are said in it. All figures are 10 tokens in, 5 out. */
export interface Wire {
  readonly protocol: string;
  whole(saying: Saying): object;
  frames(saying: Saying): readonly (string | Buffer)[];
  readonly refusals: Readonly<Record<Refusal, Script>>;
  stream(frames: readonly (string | Buffer)[], then?: 'end' | 'cut' | 'hang'): Script;
}

const events: Wire['stream'] = (frames, then) => answerStream(frames, then && { then });

const isSaid = <Value>(value: Value | undefined, of: (value: Value) => object): object[] =>
  value === undefined ? [] : [of(value)];

const halves = (whole = ''): string[] =>
  whole === '' ? [] : [whole.slice(0, whole.length >> 1), whole.slice(whole.length >> 1)];

const messagesWhole = ({ thought, secret, text, calls: called = [] }: Saying) =>
  message(
    [
      ...isSaid(thought, thinking => ({ type: 'thinking', thinking, signature: secret })),
      ...isSaid(text, words => ({ type: 'text', text: words })),
      ...called.map(call => ({ type: 'tool_use', ...call })),
    ],
    // Claude Code sends thoughts back to the model that they came from only.
    { model: 'claude-haiku-4-5-20251001', stop_reason: called.length > 0 ? 'tool_use' : 'end_turn' },
  );

const anthropicRefusal = (status: number, type: string, said: string): Script =>
  answerJson({ type: 'error', error: { type, message: said } }, status);

export const messages: Wire = {
  protocol: 'anthropic-messages',
  whole: messagesWhole,
  frames: saying => messageFrames(messagesWhole(saying)),
  stream: events,
  refusals: {
    limited: anthropicRefusal(429, 'rate_limit_error', 'Slow down'),
    busy: anthropicRefusal(529, 'overloaded_error', 'Overloaded'),
    'too long': anthropicRefusal(400, 'invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum'),
    forbidden: anthropicRefusal(400, 'invalid_request_error', 'Output blocked by content filtering policy'),
    'wrong key': anthropicRefusal(401, 'authentication_error', 'invalid x-api-key the-operators-key'),
  },
};

const chatCalls = ({ calls: called = [] }: Saying) =>
  called.map(({ id, name, input }, index) => ({
    ...{ index, id, type: 'function' },
    function: { name, arguments: JSON.stringify(input) },
  }));

const openaiRefusal = (status: number, code: string, said: string): Script =>
  answerJson({ error: { message: said, type: 'invalid_request_error', code, param: null } }, status);

const openaiRefusals: Wire['refusals'] = {
  limited: openaiRefusal(429, 'rate_limit_exceeded', 'Slow down'),
  busy: openaiRefusal(503, 'server_is_overloaded', 'Busy'),
  'too long': openaiRefusal(400, 'context_length_exceeded', 'Too long'),
  forbidden: openaiRefusal(400, 'content_filter', 'Filtered'),
  'wrong key': openaiRefusal(401, 'invalid_api_key', 'Incorrect API key provided: the-operators-key'),
};

/** What thinks here wants its thoughts back as text, which is the secret. */
export const chat: Wire = {
  protocol: 'openai-chat',
  whole(saying) {
    const tool_calls = chatCalls(saying);
    const said = { role: 'assistant', content: saying.text ?? null, reasoning_content: saying.secret };
    const finish_reason = tool_calls.length > 0 ? 'tool_calls' : 'stop';
    const whole = { ...said, ...(tool_calls.length > 0 && { tool_calls }) };
    return chatAnswer('', { choices: [{ index: 0, message: whole, finish_reason }] });
  },
  frames(saying) {
    const { secret, text } = saying;
    const tool_calls = chatCalls(saying);
    const chunks = [
      chatChunk({ role: 'assistant', content: '' }),
      ...halves(secret).map(reasoning_content => chatChunk({ reasoning_content })),
      ...halves(text).map(words => chatChunk({ content: words })),
      ...tool_calls.flatMap(({ index, function: { name, arguments: json }, ...call }) => [
        chatChunk({ tool_calls: [{ index, ...call, function: { name, arguments: '' } }] }),
        ...halves(json).map(piece => chatChunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
      ]),
      chatChunk({}, {}, tool_calls.length > 0 ? 'tool_calls' : 'stop'),
      { ...chatChunk({}), choices: [], usage: usage(10, 5) },
    ];
    return [...chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'];
  },
  stream: events,
  refusals: openaiRefusals,
};

const responsesWhole = ({ thought, secret, text, calls: called = [] }: Saying) =>
  response([
    ...isSaid(thought, said => ({ ...thinks(`rs_${secret}`, said), encrypted_content: secret })),
    ...isSaid(text, words => says(words)),
    ...called.map(({ id, name, input }) => calls(id, name, input)),
  ]);

export const responses: Wire = {
  protocol: 'openai-responses',
  whole: responsesWhole,
  frames: saying => responseFrames(responsesWhole(saying)),
  stream: events,
  refusals: openaiRefusals,
};

/** The first call, or the last text, carries the signature. */
function geminiWhole({ thought, secret, text, calls: called = [] }: Saying) {
  const signed = secret === undefined ? {} : { thoughtSignature: Buffer.from(secret).toString('base64') };
  return content([
    ...isSaid(thought, said => ({ text: said, thought: true })),
    ...isSaid(text, words => ({ text: words, ...(called.length === 0 && signed) })),
    ...called.map(({ id, name, input }, at) => ({
      functionCall: { id, name, args: input },
      ...(at === 0 && signed),
    })),
  ]);
}

const googleRefusal = (status: number, name: string, said: string): Script =>
  answerJson(geminiError(status, name, said), status);

export const gemini: Wire = {
  protocol: 'gemini',
  whole: geminiWhole,
  frames: saying => contentFrames(geminiWhole(saying)),
  stream: events,
  refusals: {
    limited: googleRefusal(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted'),
    busy: googleRefusal(503, 'UNAVAILABLE', 'The model is overloaded.'),
    'too long': googleRefusal(
      400,
      'INVALID_ARGUMENT',
      'The input token count (9) exceeds the maximum number of tokens.',
    ),
    forbidden: googleRefusal(400, 'INVALID_ARGUMENT', 'The prompt violates our Responsible AI practices.'),
    'wrong key': googleRefusal(400, 'INVALID_ARGUMENT', 'API key not valid: the-operators-key'),
  },
};

const converseWhole = ({ thought, secret, text, calls: called = [] }: Saying) =>
  converseAnswer(
    [
      ...isSaid(thought, said => ({ reasoningContent: { reasoningText: { text: said, signature: secret } } })),
      ...isSaid(text, words => ({ text: words })),
      ...called.map(({ id: toolUseId, name, input }) => ({ toolUse: { toolUseId, name, input } })),
    ],
    { stopReason: called.length > 0 ? 'tool_use' : 'end_turn' },
  );

export const converse: Wire = {
  protocol: 'bedrock-converse',
  whole: converseWhole,
  frames: saying => converseFrames(converseWhole(saying)),
  stream: (frames, then) => answerAws(frames as Buffer[], then),
  refusals: {
    limited: refuseAws(429, 'ThrottlingException', 'Too many requests'),
    busy: refuseAws(503, 'ServiceUnavailableException', 'Busy'),
    'too long': refuseAws(400, 'ValidationException', 'Input is too long for requested model.'),
    forbidden: refuseAws(400, 'ValidationException', 'Output blocked by content filtering policy'),
    'wrong key': refuseAws(403, 'UnrecognizedClientException', 'The security token the-operators-key is invalid.'),
  },
};

/** Cohere signs nothing: its thoughts go back as they are, with the calls that they led to. */
const cohereWhole = ({ secret, text, calls: called = [] }: Saying) =>
  cohereAnswer(
    {
      content: [
        ...isSaid(secret, thinking => ({ type: 'thinking', thinking })),
        ...isSaid(text, words => ({ type: 'text', text: words })),
      ],
      ...(called.length > 0 && { tool_calls: called.map(({ id, name, input }) => cohereCall(id, name, input)) }),
    },
    { finish_reason: called.length > 0 ? 'TOOL_CALL' : 'COMPLETE' },
  );

const cohereRefusal = (status: number, said: string): Script => answerJson({ id: 'x', message: said }, status);

export const cohere: Wire = {
  protocol: 'cohere-chat',
  whole: cohereWhole,
  frames: saying => cohereFrames(cohereWhole(saying)),
  stream: events,
  refusals: {
    limited: cohereRefusal(429, 'limited to 20 API calls / minute'),
    busy: cohereRefusal(503, 'Busy'),
    'too long': cohereRefusal(400, 'too many tokens: size limit exceeded by 9 tokens.'),
    forbidden: cohereRefusal(498, 'blocked output'),
    'wrong key': cohereRefusal(401, 'invalid api token the-operators-key'),
  },
};

/** Where each protocol is spoken. */
const PLACES: readonly (readonly [path: RegExp, wire: Wire])[] = [
  [/\/chat\/completions/, chat],
  [/\/responses/, responses],
  [/\/messages|anthropic\/models/, messages],
  [/:(generate|streamGenerate)Content/, gemini],
  [/\/converse/, converse],
  [/\/v2\/chat/, cohere],
];

export function wireAt(path: string): Wire {
  const found = PLACES.find(([place]) => place.test(path));
  if (!found) throw new Error(`nobody speaks at ${path}`);
  return found[1];
}

/** Says it in the protocol that was asked in, whole or streamed as was asked for. */
export const speaks =
  (saying: Saying): Script =>
  (request, answer) => {
    const { whole, frames, stream } = wireAt(request.path);
    const isStreamed = request.body.stream === true || /stream/i.test(request.path);
    return (isStreamed ? stream(frames(saying)) : answerJson(whole(saying)))(request, answer);
  };

/** Says the first half of a text, and then nothing, or breaks off. */
export const speaksHalf =
  (text: string, then: 'cut' | 'hang'): Script =>
  (request, answer) => {
    const { frames, stream } = wireAt(request.path);
    const all = frames({ text });
    const half = all.slice(0, all.findIndex(frame => frame.includes(text.slice(0, text.length >> 1))) + 1);
    return stream(half, then)(request, answer);
  };

export const refuses =
  (why: Refusal): Script =>
  (request, answer) =>
    wireAt(request.path).refusals[why](request, answer);
