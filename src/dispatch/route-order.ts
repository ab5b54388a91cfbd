import { Injectable } from '@nestjs/common';
import type { Route } from '../catalog/route.js';
import type { Routing } from '../usage/usage-record.js';
import { ChannelHealth } from './channel-health.js';

export interface Ordered {
  readonly routes: readonly Route[];
  /** In the same order, with why each stands where it does. */
  readonly candidates: Routing['candidates'];
}

/**
 * Routes in the order in which they are tried: rested channels first, then (lane `auto`) the cheaper, then priority, then by lot with
 * weight.
 */
@Injectable()
export class RouteOrder {
  constructor(private readonly health: ChannelHealth) {}

  order(routes: readonly Route[], cheapestFirst = false, random: () => number = Math.random): Ordered {
    if (routes.length === 1) return { routes, candidates: [candidate(routes[0]!, 'the only channel')] };
    const drawn = routes.map(route => ({
      route,
      rests: this.health.rests(route.channel.id),
      cost: cheapestFirst ? costOf(route) : 0n,
      // Weighted draw without replacement: the largest of random^(1/weight) comes first (Efraimidis and Spirakis, 2006).
      lot: route.channel.weight > 0 ? random() ** (1 / route.channel.weight) : -1,
    }));
    drawn.sort(
      (a, b) =>
        Number(a.rests) - Number(b.rests) ||
        (a.cost < b.cost ? -1 : Number(a.cost > b.cost)) ||
        a.route.channel.priority - b.route.channel.priority ||
        b.lot - a.lot,
    );
    return {
      routes: drawn.map(({ route }) => route),
      candidates: drawn.map(({ route, rests }) => {
        const { lane, priority, weight } = route.channel;
        const place = `${cheapestFirst ? `${lane} lane, cheaper first; ` : ''}priority ${priority}, weight ${weight}`;
        return candidate(route, rests ? `resting after failures; ${place}` : place);
      }),
    };
  }
}

/** PicoUSD for a typical call: three tokens in for one out. */
const costOf = ({ price: { rates } }: Route): bigint => 3n * (rates.input ?? 0n) + (rates.output ?? 0n);

const candidate = (route: Route, reason: string) => ({
  channel: route.channel.id,
  provider: route.channel.provider,
  reason,
});
