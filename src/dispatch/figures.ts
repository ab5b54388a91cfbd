import type { Route } from '../catalog/route.js';
import { isOutput, TOKEN_DIMENSIONS, type TokenDimension, type Usage } from '../protocols/usage.js';
import type { Delivery } from '../usage/meter.js';
import type { Counted, Opened } from './attempts.js';

/**
 * What was sent and received of an answer of which the vendor has not said the end. Input is as it has reported it, cached parts and
 * all, else our estimate, which each call has read (contract §4); output is what was delivered.
 * @param estimate tokens of the request's input
 */
export function deliveryOf(
  opened: Opened,
  route: Route,
  { reported, estimate, output }: { reported?: Usage | undefined; estimate: number; output: number },
): Delivery {
  const usage = reported && metered(opened, route, reported);
  const input = usage ? inputIn(usage) : { input: estimate * opened.calls };
  const isPerCall = opened.calls > 1 && route.price.rates.requests !== undefined;
  return {
    dimensions: { ...input, ...(isPerCall && { requests: opened.calls }), output },
    ...(usage?.serviceTier !== undefined && { serviceTier: usage.serviceTier }),
    ...(opened.calls > 1 && { calls: opened.calls }),
  };
}

function inputIn({ dimensions }: Usage): Partial<Record<TokenDimension, number>> {
  const input: Partial<Record<TokenDimension, number>> = {};
  for (const name of TOKEN_DIMENSIONS) {
    if (!isOutput(name) && dimensions[name] !== undefined) input[name] = dimensions[name];
  }
  return input;
}

/** The vendor's figures as the meter takes them: in the provider's own reading, and with the calls counted that they are of. */
export function metered({ provider, calls, usageIsRead }: Counted, route: Route, usage: Usage): Usage {
  const read = (usageIsRead ? undefined : provider.readUsage?.(usage.raw, usage)) ?? usage;
  if (calls === 1) return read;
  if (route.price.rates.requests === undefined) return { ...read, calls };
  return { ...read, calls, dimensions: { requests: calls, ...read.dimensions } };
}
