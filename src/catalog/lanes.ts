import { LazuError } from '../errors.js';
import { LANES, type ModelEntry } from './catalog-snapshot.js';
import type { Candidates, Lane, LanePreference, Route, Scope } from './route.js';

/** The lane a key prefers for a model's vendor (contract §13). */
export function preferenceOf(scope: Scope, entry: ModelEntry): LanePreference {
  return scope.lanes[entry.row.vendorId] ?? 'direct';
}

/** Lanes that a preference may end in. */
function reach(preference: LanePreference): readonly Lane[] {
  return preference === 'direct' ? ['direct'] : LANES;
}

/** Whether any channel serves the model in a lane that this key may use. */
export function isServed(scope: Scope, entry: ModelEntry): boolean {
  return reach(preferenceOf(scope, entry)).some(lane => entry.lanes[lane].serving.length > 0);
}

/** Aliases count as the model they stand for, in the request and in the key's list. */
export function isAllowed(scope: Scope, entry: ModelEntry): boolean {
  const allowed = scope.allowedModels;
  return allowed === undefined || allowed.has(entry.row.name) || entry.aliases.some(alias => allowed.has(alias));
}

/**
 * `X-Lazu-Lane` narrows what the key prefers, it never widens it.
 * @throws LazuError forbidden when the key keeps to the direct lane and the request asks for the cheap one
 */
function narrow(preference: LanePreference, asked: Lane | undefined, vendorId: string): LanePreference {
  if (asked === undefined || asked === preference) return preference;
  if (preference === 'direct') {
    throw new LazuError(
      'forbidden',
      `This key uses the direct lane for ${vendorId}. To choose per request, set its lanes to {"${vendorId}": "auto"}.`,
      { param: 'X-Lazu-Lane' },
    );
  }
  return asked;
}

/**
 * The routes of (model, lane): `cheap` falls back to `direct` where the model has no cheap lane, `auto` gives both.
 * @throws LazuError price_unavailable when the model is served but nothing says what it costs
 */
export function candidatesIn(scope: Scope, entry: ModelEntry, asked: Lane | undefined): Candidates {
  const lane = narrow(preferenceOf(scope, entry), asked, entry.row.vendorId);
  const { direct, cheap } = entry.lanes;
  const routes =
    lane === 'auto' ? both(entry) : lane === 'cheap' && cheap.routes.length > 0 ? cheap.routes : direct.routes;
  if (routes.length > 0) return { model: entry.model, routes, cheapestFirst: lane === 'auto' };
  if (direct.serving.length === 0 && (lane === 'direct' || cheap.serving.length === 0)) {
    throw new LazuError('upstream_unavailable', `No channel serves ${entry.row.name} in the lane asked for.`);
  }
  const unpriced = direct.serving.length > 0 ? 'direct' : 'cheap';
  throw new LazuError(
    'price_unavailable',
    `${entry.row.name} has no price in the ${unpriced} lane. An admin sets one by ` +
      `PUT /api/admin/models/${entry.row.name}/prices/${unpriced}.`,
    { param: 'model' },
  );
}

/** One array per snapshot, so that a request allocates nothing. */
const bothLanes = new WeakMap<ModelEntry, readonly Route[]>();

function both(entry: ModelEntry): readonly Route[] {
  const known = bothLanes.get(entry);
  if (known) return known;
  const routes = [...entry.lanes.direct.routes, ...entry.lanes.cheap.routes];
  bothLanes.set(entry, routes);
  return routes;
}
