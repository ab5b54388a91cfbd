import type { AnswerMerger, JsonObject } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';
import { isObject } from './fields.js';

/** Several answers of one candidate each, as the one answer of several candidates that was asked for; usage is the sum. */
export function mergeAnswers(answers: readonly JsonObject[]): JsonObject {
  const candidates = answers.flatMap((answer, index) => indexed(answer, index));
  const usageMetadata = sumUsage(answers.map(answer => answer.usageMetadata));
  return { ...answers[0], candidates, ...(usageMetadata && { usageMetadata }) };
}

const indexed = (answer: JsonObject, index: number): JsonObject[] =>
  (Array.isArray(answer.candidates) ? answer.candidates.filter(isObject) : []).map(one => ({ ...one, index }));

/** Adds figures up, number by number; lists of figures by modality one modality at a time. */
export function sumUsage(usages: readonly unknown[]): JsonObject | undefined {
  const present = usages.filter(isObject);
  if (present.length === 0) return undefined;
  const sum: JsonObject = {};
  for (const [name, value] of present.flatMap(usage => Object.entries(usage))) {
    const before = sum[name];
    if (typeof value === 'number') sum[name] = (typeof before === 'number' ? before : 0) + value;
    else if (Array.isArray(value)) sum[name] = sumModalities(Array.isArray(before) ? before : [], value);
    else sum[name] = before ?? value;
  }
  return sum;
}

function sumModalities(before: readonly unknown[], now: readonly unknown[]): JsonObject[] {
  const byModality = new Map<unknown, number>();
  for (const one of [...before, ...now].filter(isObject)) {
    const tokens = typeof one.tokenCount === 'number' ? one.tokenCount : 0;
    byModality.set(one.modality, (byModality.get(one.modality) ?? 0) + tokens);
  }
  return [...byModality].map(([modality, tokenCount]) => ({ modality, tokenCount }));
}

/** Streams of one candidate each, interleaved by `candidates[].index` under one id; the sum of their usage comes last. */
export class GeminiStreamMerger implements AnswerMerger {
  #head: JsonObject | undefined;

  push(part: number, frames: Buffer): string {
    let written = '';
    for (const frame of eachFrame(frames)) {
      const chunk = parse(dataOf(frame));
      if (!chunk) continue;
      this.#head ??= { modelVersion: chunk.modelVersion, responseId: chunk.responseId };
      const { usageMetadata: _, ...rest } = chunk;
      const candidates = indexed(chunk, part);
      if (candidates.length > 0) written += write({ ...rest, candidates, ...this.#head });
    }
    return written;
  }

  end(usages: readonly JsonObject[]): string {
    const usageMetadata = sumUsage(usages);
    return usageMetadata ? write({ usageMetadata, ...this.#head }) : '';
  }
}

const write = (chunk: JsonObject): string => `data: ${JSON.stringify(chunk)}\n\n`;

function parse(data: string | undefined): JsonObject | undefined {
  try {
    const chunk: unknown = JSON.parse(data ?? '');
    return isObject(chunk) ? chunk : undefined;
  } catch {
    return undefined;
  }
}
