import type { AnswerMerger, JsonObject } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Several answers of one choice each, as the one answer of several choices that `n` asked for; usage is the sum. */
export function mergeAnswers(answers: readonly JsonObject[]): JsonObject {
  const choices = answers.flatMap((answer, index) =>
    (Array.isArray(answer.choices) ? answer.choices : []).map((choice: JsonObject) => ({ ...choice, index })),
  );
  return { ...answers[0], choices, usage: sumUsage(answers.map(answer => answer.usage)) };
}

/** Adds vendors' usage objects up, number by number, nested ones too; what is no number is taken from the first that has it. */
export function sumUsage(usages: readonly unknown[]): JsonObject | undefined {
  const present = usages.filter(isObject);
  if (present.length === 0) return undefined;
  const sum: JsonObject = {};
  for (const usage of present) {
    for (const [name, value] of Object.entries(usage)) {
      const before = sum[name];
      if (typeof value === 'number') sum[name] = (typeof before === 'number' ? before : 0) + value;
      else if (isObject(value)) sum[name] = sumUsage([before, value]);
      else if (before === undefined || before === null) sum[name] = value;
    }
  }
  return sum;
}

/** Streams of one choice each, interleaved by `choices[].index` under one id: one usage chunk with the sum, one `[DONE]` (contract §4). */
export class ChatStreamMerger implements AnswerMerger {
  #head: JsonObject | undefined;

  push(part: number, frames: Buffer): string {
    let written = '';
    for (const frame of eachFrame(frames)) {
      const chunk = parse(dataOf(frame));
      if (!chunk) continue;
      this.#head ??= { id: chunk.id, object: chunk.object, created: chunk.created, model: chunk.model };
      const { usage: _, ...rest } = chunk;
      const choices = (Array.isArray(chunk.choices) ? chunk.choices : []).map((choice: JsonObject) => ({
        ...choice,
        index: part,
      }));
      if (choices.length > 0) written += write({ ...rest, ...this.#head, choices });
    }
    return written;
  }

  end(usages: readonly JsonObject[]): string {
    const usage = sumUsage(usages);
    return usage ? write({ ...this.#head, choices: [], usage }) : '';
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
