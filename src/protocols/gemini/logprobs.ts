import type { JsonObject } from '../protocol.js';
import { objects, text } from './wire.js';

/** https://ai.google.dev/api/generate-content#LogprobsResult, as OpenAI's entries */
export function readLogprobs({ chosenCandidates, topCandidates }: JsonObject): JsonObject[] {
  const alternatives = objects(topCandidates);
  return objects(chosenCandidates).map((chosen, at) => ({
    ...entry(chosen),
    top_logprobs: objects(alternatives[at]?.candidates).map(entry),
  }));
}

function entry({ token, logProbability }: JsonObject): JsonObject {
  const said = text(token);
  return { token: said, logprob: logProbability ?? 0, bytes: [...Buffer.from(said)] };
}
