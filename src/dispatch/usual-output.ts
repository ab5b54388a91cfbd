import { Injectable } from '@nestjs/common';

/** Answers per model that are remembered. */
const REMEMBERED = 128;
/** Fewer answers than this say nothing about the next. */
const ENOUGH = 8;
/** Output tokens of an answer from a model of which too little is known. */
const UNKNOWN = 1_024;
/** Sorting is for every so many answers, not for each. */
const REFRESH = 8;

interface Answers {
  readonly tokens: Float64Array;
  seen: number;
  p95: number;
}

/** How long the answers of each model usually are: the rolling 95th percentile, which token windows count with (contract §12). */
@Injectable()
export class UsualOutput {
  readonly #byModel = new Map<string, Answers>();

  /** Output tokens of one answer. */
  of(model: string): number {
    const answers = this.#byModel.get(model);
    return answers && answers.seen >= ENOUGH ? answers.p95 : UNKNOWN;
  }

  saw(model: string, outputTokens: number): void {
    let answers = this.#byModel.get(model);
    if (!answers) this.#byModel.set(model, (answers = { tokens: new Float64Array(REMEMBERED), seen: 0, p95: UNKNOWN }));
    answers.tokens[answers.seen % REMEMBERED] = Math.ceil(outputTokens);
    answers.seen++;
    if (answers.seen % REFRESH !== 0) return;
    const sorted = answers.tokens.slice(0, Math.min(answers.seen, REMEMBERED)).sort();
    answers.p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? UNKNOWN;
  }
}
