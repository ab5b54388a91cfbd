import type { Lane, Route } from '../catalog/route.js';
import type { LazuError } from '../errors.js';
import type { Routing } from '../usage/usage-record.js';

type Attempt = Routing['attempts'][number];

/** Notes which routes were candidates and what became of each attempt. */
export class Trail {
  readonly #attempts: Attempt[] = [];
  /**
   * How often the attempt under way has called the vendor: not yet while parts are fetched or the request is signed, more than once where it
   * gives fewer answers at a time than were asked for.
   */
  calls = 0;

  constructor(private readonly candidates: Routing['candidates']) {}

  /** @param startedAt `performance.now()` of the attempt */
  note(
    route: Route,
    startedAt: number,
    outcome: 'ok' | LazuError,
    upstream?: { status: number; requestId: string | null },
  ): void {
    this.#attempts.push({
      channel: route.channel.id,
      upstream_model: route.upstreamModel,
      outcome: outcome === 'ok' ? 'ok' : outcome.code,
      upstream_status: upstream?.status ?? null,
      upstream_request_id: upstream?.requestId ?? null,
      duration_ms: Math.round(performance.now() - startedAt),
    });
  }

  asRouting(lane: Lane | null): Routing {
    return { lane, candidates: this.candidates, attempts: this.#attempts };
  }
}
