import { Injectable } from '@nestjs/common';
import type { LazuError } from '../errors.js';

/** Failures in a row after which a channel rests. */
const FAILURES_BEFORE_REST = 3;
const FIRST_REST_MS = 2_000;
const LONGEST_REST_MS = 60_000;

interface Health {
  failures: number;
  restsUntil: number;
}

/**
 * Which channels are worth trying first. A channel that keeps failing rests, longer each time; a resting channel is tried only when
 * nothing else is left, and one success clears its name.
 */
@Injectable()
export class ChannelHealth {
  readonly #channels = new Map<string, Health>();

  rests(channelId: string, now = Date.now()): boolean {
    return (this.#channels.get(channelId)?.restsUntil ?? 0) > now;
  }

  succeeded(channelId: string): void {
    if (this.#channels.size > 0) this.#channels.delete(channelId);
  }

  /** Only failures that say something about the channel count: what the caller did wrong does not. */
  failed(channelId: string, error: LazuError, now = Date.now()): void {
    // A field that this provider lacks sends the caller on to another channel (retryable), and still is the caller's.
    if (!error.retryable || error.code === 'unsupported_parameter') return;
    const health = this.#channels.get(channelId) ?? { failures: 0, restsUntil: 0 };
    health.failures++;
    if (error.code === 'upstream_rate_limited') {
      health.restsUntil = now + Math.min((error.retryAfter ?? 1) * 1000, LONGEST_REST_MS);
    } else if (health.failures >= FAILURES_BEFORE_REST) {
      const rest = FIRST_REST_MS * 2 ** (health.failures - FAILURES_BEFORE_REST);
      health.restsUntil = now + Math.min(rest, LONGEST_REST_MS);
    }
    this.#channels.set(channelId, health);
  }
}
