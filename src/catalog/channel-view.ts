import { LazuError } from '../errors.js';
import type { Channel as StoredChannel, ChannelModel } from '../generated/prisma/client.js';
import type { ChannelRow } from './catalog-rows.js';
import { laneOf } from './catalog-rows.js';
import type { Channel, Lane } from './route.js';

export type StoredChannelWithModels = StoredChannel & { readonly models: readonly ChannelModel[] };

/** A channel as admins see it. The credential never. */
export interface ChannelView {
  readonly id: string;
  readonly object: 'channel';
  readonly name: string;
  readonly provider: string;
  readonly lane: Lane;
  readonly base_url: string | null;
  readonly has_credential: boolean;
  readonly models: readonly { readonly model: string; readonly upstream_model: string | null }[];
  readonly priority: number;
  readonly weight: number;
  readonly enabled: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  /** `env`: made by the environment, gone when its variables are. */
  readonly source: 'admin' | 'env';
  readonly created_at: string | null;
  readonly updated_at: string | null;
}

export function storedView(row: StoredChannelWithModels): ChannelView {
  return {
    id: row.id,
    object: 'channel',
    name: row.name,
    provider: row.provider,
    lane: laneOf(row.lane),
    base_url: row.baseUrl,
    has_credential: row.credentialCiphertext !== null,
    models: row.models.map(({ modelName, upstreamModel }) => ({ model: modelName, upstream_model: upstreamModel })),
    priority: row.priority,
    weight: row.weight,
    enabled: row.enabled,
    options: row.options as Record<string, unknown>,
    source: 'admin',
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

export function environmentView(
  channel: Channel,
  models: readonly { readonly model: string; readonly upstreamModel: string }[],
): ChannelView {
  const { id, name, provider, lane, priority, weight, options } = channel;
  return {
    ...{ id, object: 'channel', name, provider, lane },
    base_url: channel.baseUrl ?? null,
    has_credential: channel.credential !== undefined,
    models: models.map(({ model, upstreamModel }) => ({ model, upstream_model: upstreamModel })),
    ...{ priority, weight, enabled: true, options, source: 'env', created_at: null, updated_at: null },
  };
}

export function rowOf(stored: StoredChannelWithModels): ChannelRow {
  const { id, name, provider, priority, weight, enabled } = stored;
  return {
    ...{ id, name, provider, priority, weight, enabled },
    lane: laneOf(stored.lane),
    baseUrl: stored.baseUrl ?? undefined,
    credentialCiphertext: stored.credentialCiphertext ?? undefined,
    credentialKeyId: stored.credentialKeyId ?? undefined,
    options: stored.options as Record<string, unknown>,
    models: stored.models.map(({ modelName, upstreamModel }) => ({
      model: modelName,
      upstreamModel: upstreamModel ?? undefined,
    })),
  };
}

export function noChannel(id: string): LazuError {
  return new LazuError('not_found', `There is no channel ${id}.`);
}
