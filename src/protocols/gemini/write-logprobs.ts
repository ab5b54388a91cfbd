import type { JsonObject } from '../protocol.js';

/** How likely tokens were, and which else might have been: https://ai.google.dev/api/generate-content#LogprobsResult */
export function writeLogprobs(tokens: readonly JsonObject[]): JsonObject {
  return {
    logprobsResult: {
      topCandidates: tokens.map(({ top_logprobs: top }) => ({
        candidates: Array.isArray(top) ? (top as JsonObject[]).map(writeToken) : [],
      })),
      chosenCandidates: tokens.map(writeToken),
    },
  };
}

const writeToken = ({ token, logprob }: JsonObject): JsonObject => ({ token, logProbability: logprob });
