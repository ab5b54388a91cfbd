import { isDeepStrictEqual } from 'node:util';
import type { GenerateContentResponse, GoogleGenAI } from '@google/genai';
import type { Reading } from './judge.js';

/** What Google's own SDK made of an answer, in the words of `Reading` where both dialects can say it. */
export interface GeminiReading {
  readonly content: string;
  readonly reasoning: string;
  /** `id`: undefined where Gemini gave none. */
  readonly toolCalls: readonly { readonly id: string | undefined; readonly name: string; readonly input: unknown }[];
  readonly finishReason: string;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly totalTokens: number;
  /** Parts that are signed, whatever kind they are. */
  readonly signatures: readonly string[];
}

const FINISH: Readonly<Record<string, string>> = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'content_filter' };

/** @throws ApiError as the SDK does */
export async function readWithGemini(client: GoogleGenAI, stream: boolean): Promise<GeminiReading> {
  const request = { model: 'any', contents: 'any' };
  if (!stream) return readingOf([await client.models.generateContent(request)]);
  const chunks: GenerateContentResponse[] = [];
  for await (const chunk of await client.models.generateContentStream(request)) chunks.push(chunk);
  return readingOf(chunks);
}

export function readingOf(chunks: readonly GenerateContentResponse[]): GeminiReading {
  const candidates = chunks.flatMap(chunk => chunk.candidates?.slice(0, 1) ?? []);
  const parts = candidates.flatMap(candidate => candidate.content?.parts ?? []) as any[];
  const joined = (thought: boolean) =>
    parts
      .filter(part => (part.thought === true) === thought)
      .map(part => part.text ?? '')
      .join('');
  const calls: { id: string | undefined; name: string; input: any }[] = [];
  for (const { functionCall: call } of parts) {
    if (call?.name) calls.push({ id: call.id, name: call.name, input: call.args ?? {} });
    for (const piece of call?.partialArgs ?? []) place(calls.at(-1)!.input, piece);
  }
  const usage: any = Object.assign({}, ...chunks.map(chunk => chunk.usageMetadata ?? {}));
  const finish: string | undefined = candidates.flatMap(candidate => candidate.finishReason ?? []).at(-1);
  return {
    content: joined(false),
    reasoning: joined(true),
    toolCalls: calls,
    finishReason: String(finish) === 'STOP' && calls.length > 0 ? 'tool_calls' : (FINISH[finish ?? ''] ?? 'stop'),
    dimensions: dimensionsOf(usage),
    totalTokens: usage.totalTokenCount ?? 0,
    signatures: parts.flatMap(part => part.thoughtSignature ?? []),
  };
}

/** `$.a[0].b`: a piece of an argument that came by itself. */
function place(input: any, { jsonPath, stringValue, numberValue, boolValue }: any): void {
  const steps = (jsonPath as string).match(/[^$.[\]]+/g)!;
  const last = steps.pop()!;
  let node = input;
  steps.forEach((step, at) => (node = node[step] ??= /^\d+$/.test(steps[at + 1] ?? last) ? [] : {}));
  node[last] = stringValue === undefined ? (numberValue ?? boolValue ?? null) : (node[last] ?? '') + stringValue;
}

/** Contract §13, as the vendor's page describes the fields. */
export function dimensionsOf(usage: any): Record<string, number> {
  const of = (details: any[] | undefined, modality: string): number =>
    details?.find(one => one.modality === modality)?.tokenCount ?? 0;
  // What is a document in the prompt may be an image in the cache: then it is not fresh, and not less than none.
  const fresh = (modality: string) =>
    Math.max(0, of(usage.promptTokensDetails, modality) - of(usage.cacheTokensDetails, modality));
  const cached = usage.cachedContentTokenCount ?? 0;
  const [audio, image] = [fresh('AUDIO'), fresh('IMAGE')];
  const quantities: Record<string, number> = {
    input: (usage.promptTokenCount ?? 0) - cached - audio - image + (usage.toolUsePromptTokenCount ?? 0),
    cache_read: cached,
    audio_input: audio,
    image_input: image,
    output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  };
  return Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity > 0));
}

/** What OpenAI's SDK read is the same; calls that had no id have got one, each its own. */
export function expectSameMeaning({ choices }: Reading, raw: GeminiReading): void {
  const { content, reasoning, toolCalls, finishReason } = choices![0]!;
  expect({ content: content ?? '', reasoning, finishReason }).toEqual({
    content: raw.content,
    reasoning: raw.reasoning,
    finishReason: raw.finishReason,
  });
  expect(toolCalls.map(({ name, input }) => ({ name, input }))).toEqual(
    raw.toolCalls.map(({ name, input }) => ({ name, input })),
  );
  const ids = toolCalls.map(({ id }) => id as string);
  expect(new Set(ids).size).toBe(ids.length);
  expect(raw.toolCalls.every(({ id }, at) => id === undefined || isDeepStrictEqual(id, ids[at]))).toBe(true);
  for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/);
}
