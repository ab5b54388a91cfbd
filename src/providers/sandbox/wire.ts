import type { JsonObject } from '../../protocols/protocol.js';
import type { Choice, SandboxAnswer } from './answer.js';
import { logprobsOf } from './logprobs.js';
import type { SandboxRequest } from './request.js';

/** What every object of one answer repeats. */
export interface Stamp {
  /** Letters and digits that follow from the request. */
  readonly mark: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
}

/** Tokens per chunk of a stream. */
const CHUNK_TOKENS = 3;

const head = ({ mark, created, model }: Stamp, object: string): JsonObject => ({
  id: `chatcmpl-sandbox-${mark}`,
  object,
  created,
  model,
  service_tier: 'default',
  system_fingerprint: 'fp_lazu_sandbox',
});

/** https://platform.openai.com/docs/api-reference/chat/object */
export function completionObject(request: SandboxRequest, answer: SandboxAnswer, stamp: Stamp): JsonObject {
  return {
    ...head(stamp, 'chat.completion'),
    choices: answer.choices.map((choice, index) => ({
      index,
      message: message(choice, index, stamp),
      logprobs: logprobsOf(request, choice.content),
      finish_reason: choice.finish,
    })),
    usage: usage(answer),
  };
}

/** https://platform.openai.com/docs/api-reference/chat-streaming: answers interleave, usage comes last where it was asked for. */
export function chunkObjects(request: SandboxRequest, answer: SandboxAnswer, stamp: Stamp): JsonObject[] {
  const asked = request.stream_options?.include_usage === true;
  const common = { ...head(stamp, 'chat.completion.chunk'), ...(asked && { usage: null }) };
  const lines = answer.choices.map((choice, index) => [...deltas(request, choice, index, stamp)]);
  const longest = Math.max(...lines.map(({ length }) => length));
  const choices = Array.from({ length: longest }, (_, at) => lines.flatMap(line => line[at] ?? [])).flat();
  return [
    ...choices.map(choice => ({ ...common, choices: [choice] })),
    ...(asked ? [{ ...common, choices: [], usage: usage(answer) }] : []),
  ];
}

function message(choice: Choice, index: number, stamp: Stamp): JsonObject {
  const called = choice.toolCalls.length > 0;
  return {
    role: 'assistant',
    content: called ? null : choice.content.join(''),
    refusal: null,
    annotations: [],
    ...(choice.reasoning.length > 0 && { reasoning_content: choice.reasoning.join('') }),
    ...(called && {
      tool_calls: choice.toolCalls.map(({ kind, name, input }, at) => ({
        id: callId(stamp, index, at),
        type: kind,
        [kind]: { name, [kind === 'function' ? 'arguments' : 'input']: input.join('') },
      })),
    }),
  };
}

function* deltas(request: SandboxRequest, choice: Choice, index: number, stamp: Stamp): Generator<JsonObject> {
  const delta = (part: JsonObject, logprobs: unknown = null): JsonObject => ({
    index,
    delta: part,
    logprobs,
    finish_reason: null,
  });
  const called = choice.toolCalls.length > 0;
  yield delta({ role: 'assistant', content: called ? null : '', refusal: null });
  for (const pieces of grouped(choice.reasoning)) yield delta({ reasoning_content: pieces.join('') });
  for (const pieces of grouped(choice.content)) {
    yield delta({ content: pieces.join('') }, logprobsOf(request, pieces));
  }
  for (const [at, { kind, name, input }] of choice.toolCalls.entries()) {
    const field = kind === 'function' ? 'arguments' : 'input';
    const id = callId(stamp, index, at);
    yield delta({ tool_calls: [{ index: at, id, type: kind, [kind]: { name, [field]: '' } }] });
    for (const pieces of grouped(input)) {
      yield delta({ tool_calls: [{ index: at, [kind]: { [field]: pieces.join('') } }] });
    }
  }
  yield { index, delta: {}, logprobs: null, finish_reason: choice.finish };
}

function grouped(pieces: readonly string[]): string[][] {
  const groups = Math.ceil(pieces.length / CHUNK_TOKENS);
  return Array.from({ length: groups }, (_, at) => pieces.slice(at * CHUNK_TOKENS, (at + 1) * CHUNK_TOKENS));
}

const callId = ({ mark }: Stamp, choice: number, at: number): string => `call_sandbox_${mark}_${choice}_${at}`;

function usage({ choices, promptTokens }: SandboxAnswer): JsonObject {
  const completionTokens = choices.reduce((sum, choice) => sum + choice.completionTokens, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: choices.reduce((sum, choice) => sum + choice.reasoningTokens, 0),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
