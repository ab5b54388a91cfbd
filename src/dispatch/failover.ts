import type { Route } from '../catalog/route.js';
import { Unanswered } from '../egress/egress.js';
import { LazuError } from '../errors.js';
import type { ChannelHealth } from './channel-health.js';
import type { Job } from './job.js';

/**
 * Try routes in order until one gives a result. Only retryable failures go on, and only while nothing was sent to the caller, which
 * `tryRoute` keeps by rejecting for nothing that comes later.
 * A last route is tried once more when its connection failed before a word came back, as when a kept-alive socket had been closed.
 * @throws LazuError of the last attempt
 */
export async function failover<T>(
  job: Job,
  routes: readonly Route[],
  options: { maxAttempts: number; health: ChannelHealth },
  tryRoute: (route: Route) => Promise<T>,
): Promise<T> {
  let failure: LazuError | undefined;
  for (let attempt = 0; attempt < options.maxAttempts; attempt++) {
    const again = failure?.cause instanceof Unanswered && failure.code !== 'upstream_timeout';
    const route = routes[attempt] ?? (again ? routes[0] : undefined);
    if (!route) break;
    job.meter.route(route);
    try {
      const result = await tryRoute(route);
      options.health.succeeded(route.channel.id);
      return result;
    } catch (error) {
      failure = LazuError.from(error);
      options.health.failed(route.channel.id, failure);
      if (!failure.retryable || job.cancel.reason || job.call.gone.reason) break;
    }
  }
  throw failure ?? new LazuError('upstream_unavailable', 'No channel is left to try.');
}
