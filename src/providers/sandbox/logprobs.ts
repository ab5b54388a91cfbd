import type { JsonObject } from '../../protocols/protocol.js';
import type { SandboxRequest } from './request.js';

/** A sandbox is sure of what it says, and ranks other words below by fixed steps. */
const SURE = -0.01;

/** @returns null when the caller did not ask */
export function logprobsOf(request: SandboxRequest, pieces: readonly string[]): JsonObject | null {
  if (request.logprobs !== true) return null;
  const ranks = request.top_logprobs ?? 0;
  return {
    content: pieces.map(token => ({
      ...scored(token, 0),
      top_logprobs: Array.from({ length: ranks }, (_, rank) => scored(rank === 0 ? token : `${token}~${rank}`, rank)),
    })),
    refusal: null,
  };
}

const scored = (token: string, rank: number): JsonObject => ({
  token,
  logprob: SURE - rank,
  bytes: [...Buffer.from(token)],
});
