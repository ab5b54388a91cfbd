import { lastUserMessage, type SandboxRequest, textOf } from './request.js';
import { sightings } from './sight.js';
import { structuredText } from './structured.js';
import type { Tokenizer } from './tokens.js';
import { type ToolCall, toolCalls } from './tools.js';

/** One answer, in token-sized pieces of text so that a stream can be cut from it. */
export interface Choice {
  readonly reasoning: readonly string[];
  readonly content: readonly string[];
  readonly toolCalls: readonly (Omit<ToolCall, 'input'> & { readonly input: readonly string[] })[];
  readonly finish: 'stop' | 'length' | 'tool_calls';
  readonly reasoningTokens: number;
  /** Reasoning, text and arguments of tool calls together. */
  readonly completionTokens: number;
}

export interface SandboxAnswer {
  readonly choices: readonly Choice[];
  readonly promptTokens: number;
}

/** Decides everything that will be said. The same request always gets the same answer. */
export function answerTo(request: SandboxRequest, tokenizer: Tokenizer): SandboxAnswer {
  const calls = toolCalls(request);
  return {
    choices: Array.from({ length: request.n ?? 1 }, (_, index) => choice(request, calls, index, tokenizer)),
    promptTokens: promptTokensOf(request, tokenizer),
  };
}

function choice(request: SandboxRequest, calls: readonly ToolCall[], index: number, tokenizer: Tokenizer): Choice {
  const most = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  let wanted = 0;
  /** The pieces of a text that `max_tokens` leaves room for. */
  const spend = (text: string): string[] => {
    const room = Math.max(0, most - wanted);
    const tokens = tokenizer.count(text);
    wanted += tokens;
    return tokenizer.pieces(text, Math.min(tokens, room));
  };
  const reasoning = spend(reasoningFor(request, calls));
  const reasoningTokens = Math.min(wanted, most);
  const words = index === 0 ? wordsFor(request) : `${wordsFor(request)} This is answer ${index + 1}.`;
  const content = spend(calls.length > 0 ? '' : untilStop(structuredText(request, words) ?? words, request.stop));
  const called = calls.map(call => ({ ...call, input: spend(call.input) }));
  const finish = wanted > most ? 'length' : called.length > 0 ? 'tool_calls' : 'stop';
  return { reasoning, content, toolCalls: called, finish, reasoningTokens, completionTokens: Math.min(wanted, most) };
}

/** What it says when nothing else is asked for: that it is the sandbox, and what it was given. */
function wordsFor(request: SandboxRequest): string {
  const last = lastUserMessage(request);
  const said = last ? textOf(last).replace(/\s+/g, ' ').trim() : '';
  const seen = sightings(request).map(({ words }) => words);
  const results = trailingToolResults(request);
  return [
    "This is Lazu's sandbox; no model was called.",
    said && `You said: "${said.length > 200 ? `${said.slice(0, 200)}…` : said}"`,
    seen.length > 0 && `I was given ${seen.join(', ')}.`,
    results.length > 0 && `The tools answered: ${results.join('; ')}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function trailingToolResults({ messages }: SandboxRequest): string[] {
  const behind = messages.findLastIndex(({ role }) => role !== 'tool') + 1;
  return messages.slice(behind).map(message => textOf(message).slice(0, 200));
}

function reasoningFor(request: SandboxRequest, calls: readonly ToolCall[]): string {
  const { reasoning_effort: effort } = request;
  if (effort === undefined || effort === null || effort === 'none') return '';
  const plan = calls.length > 0 ? `call ${calls.map(({ name }) => name).join(' and ')}` : 'answer in words';
  return `The sandbox was asked to think with ${effort} effort. It will ${plan}.`;
}

function untilStop(text: string, stop: SandboxRequest['stop']): string {
  const ends = [stop ?? []].flat().flatMap(mark => (mark && text.includes(mark) ? [text.indexOf(mark)] : []));
  return text.slice(0, Math.min(text.length, ...ends));
}

/** Per message 3 tokens, for the answer's beginning 3: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken */
function promptTokensOf(request: SandboxRequest, tokenizer: Tokenizer): number {
  const texts = request.messages.flatMap(message => [
    message.role,
    textOf(message),
    ...(message.tool_calls ?? []).flatMap(({ function: fn, custom }) => [
      fn?.name ?? custom?.name ?? '',
      fn?.arguments ?? custom?.input ?? '',
    ]),
  ]);
  const tools = request.tools?.length ? JSON.stringify(request.tools) : '';
  const schema = request.response_format?.json_schema ? JSON.stringify(request.response_format.json_schema) : '';
  const text = [...texts, tools, schema].reduce((sum, part) => sum + tokenizer.count(part), 0);
  const pictures = sightings(request).reduce((sum, { tokens }) => sum + tokens, 0);
  return text + pictures + 3 * request.messages.length + 3;
}
