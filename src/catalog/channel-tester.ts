import type { Channel, Model } from './route.js';

/** What a minimal real call through a channel gave. */
export interface ChannelTestResult {
  readonly ok: boolean;
  /** Milliseconds until the whole answer was there. */
  readonly duration_ms: number;
  /** HTTP status of the upstream; null when it did not answer. */
  readonly upstream_status: number | null;
  /** What the model said, cut short; null when it failed. */
  readonly answer: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Port: `dispatch`, which alone reaches providers, makes the call. Failures of the upstream are results, not exceptions. */
export interface ChannelTester {
  test(channel: Channel, model: Model, upstreamModel: string): Promise<ChannelTestResult>;
}
export const ChannelTester = Symbol('ChannelTester');
