import type { JsonObject } from '../protocol.js';
import { counted, type Dimension, type Usage } from '../usage.js';
import { isObject, object, objects, text } from './wire.js';

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);

/** Tokens of one kind in a list of `{modality, tokenCount}`. */
function ofModality(details: unknown, modality: string): number {
  let sum = 0;
  for (const one of objects(details)) if (one.modality === modality) sum += count(one.tokenCount);
  return sum;
}

/** Vertex says the tier by the kind of traffic: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#TrafficType */
const TIER_OF_TRAFFIC: Readonly<Record<string, string>> = {
  ON_DEMAND_FLEX: 'flex',
  ON_DEMAND_PRIORITY: 'priority',
};

/**
 * Gemini's usage in disjoint dimensions: https://ai.google.dev/api/generate-content#UsageMetadata
 * `promptTokenCount` counts the cached tokens too (trap 4), and those of every modality; what tools put into the prompt stands beside it,
 * and thoughts stand beside the candidates.
 * @param searches billed calls of Google Search
 */
export function readUsage(raw: JsonObject, searches: number): Usage {
  const prompt = count(raw.promptTokenCount);
  const cached = Math.min(count(raw.cachedContentTokenCount), prompt);
  // A document of the prompt may be images in the cache: none of the images that came along is less than none.
  const fresh = (modality: string, most: number): number => {
    const sent = ofModality(raw.promptTokensDetails, modality) - ofModality(raw.cacheTokensDetails, modality);
    return Math.min(Math.max(sent, 0), most);
  };
  const audioInput = fresh('AUDIO', prompt - cached);
  const imageInput = fresh('IMAGE', prompt - cached - audioInput);
  const thoughts = count(raw.thoughtsTokenCount);
  const candidates = count(raw.candidatesTokenCount);
  const audioOutput = Math.min(ofModality(raw.candidatesTokensDetails, 'AUDIO'), candidates);
  const imageOutput = Math.min(ofModality(raw.candidatesTokensDetails, 'IMAGE'), candidates - audioOutput);
  const quantities: Partial<Record<Dimension, number>> = {
    input: prompt - cached - audioInput - imageInput + count(raw.toolUsePromptTokenCount),
    cache_read: cached,
    audio_input: audioInput,
    image_input: imageInput,
    output: candidates - audioOutput - imageOutput + thoughts,
    audio_output: audioOutput,
    image_output: imageOutput,
    tool_web_search: searches,
  };
  return {
    dimensions: counted(quantities),
    reasoningTokens: thoughts || undefined,
    totalTokens: typeof raw.totalTokenCount === 'number' ? raw.totalTokenCount : undefined,
    serviceTier: tierOf(raw),
    raw,
  };
}

function tierOf({ serviceTier, trafficType }: JsonObject): string | undefined {
  const tier = text(serviceTier) || TIER_OF_TRAFFIC[text(trafficType)];
  return tier === undefined || tier === '' || tier === 'standard' || tier === 'unspecified' ? undefined : tier;
}

/** Up to 2.5 a prompt that was grounded is billed once, later models by the query: https://ai.google.dev/gemini-api/docs/pricing */
const BILLED_BY_PROMPT = /gemini-(?:1|2)(?:\.\d+)?(?:-|$)/;

/** Gathers what the chunks of one answer say of its cost: running totals field by field, and the searches it made. */
export class UsageGatherer {
  #raw: JsonObject = {};
  #model = '';
  readonly #queries = new Set<string>();

  see(answer: JsonObject): void {
    const figures = object(answer.usageMetadata);
    for (const name in figures) {
      const value = figures[name];
      if (value !== null && value !== undefined) this.#raw[name] = value;
    }
    this.#model = text(answer.modelVersion) || this.#model;
    for (const candidate of objects(answer.candidates)) this.#seeGrounding(candidate.groundingMetadata);
  }

  /** All that was said so far; undefined while it was nothing about tokens. */
  get usage(): Usage | undefined {
    if (this.#raw.promptTokenCount === undefined && this.#raw.totalTokenCount === undefined) return undefined;
    const searches = this.#queries.size;
    return readUsage({ ...this.#raw }, BILLED_BY_PROMPT.test(this.#model) ? Math.min(searches, 1) : searches);
  }

  /** Queries that are empty or asked twice are not billed: https://ai.google.dev/gemini-api/docs/google-search#pricing */
  #seeGrounding(metadata: unknown): void {
    if (!isObject(metadata)) return;
    for (const list of [metadata.webSearchQueries, metadata.imageSearchQueries])
      if (Array.isArray(list)) for (const query of list) if (text(query) !== '') this.#queries.add(text(query));
  }
}
