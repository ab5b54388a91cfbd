import type { Pool } from 'pg';
import type { LanePreference } from '../catalog/route.js';
import { timedQuery } from './timed-query.js';

/** A caller key joined with its account, as the ring reads it. Never leaves `auth/`. */
export type KeyRow = {
  readonly id: string;
  readonly accountId: string;
  /** Lower-case hex. */
  readonly hash: string;
  readonly disabled: boolean;
  readonly expiresAt: Date | null;
  readonly deletedAt: Date | null;
  readonly allowedModels: readonly string[] | null;
  readonly ipAllowlist: readonly string[] | null;
  /** pg gives BIGINT as text. */
  readonly quotaMicroUsd: string | null;
  readonly quotaPeriod: string | null;
  readonly lanes: Readonly<Record<string, LanePreference>>;
  readonly rpm: number | null;
  readonly tpm: number | null;
  readonly accountStatus: string;
  /** Of prepaid accounts; null: the lowest. */
  readonly accountTier: string | null;
  readonly accountRpm: number | null;
  readonly accountTpm: number | null;
};

/** A page of thousands may take its time; nobody waits for it. */
const PAGE_TIMEOUT_MS = 30_000;

const SELECT = `
  SELECT k.id, k.account_id AS "accountId", encode(k.hash, 'hex') AS hash, k.disabled, k.expires_at AS "expiresAt",
         k.deleted_at AS "deletedAt", k.allowed_models AS "allowedModels", k.ip_allowlist AS "ipAllowlist",
         k.quota_micro_usd AS "quotaMicroUsd", k.quota_period AS "quotaPeriod", k.lanes, k.rpm, k.tpm,
         a.status AS "accountStatus", a.tier AS "accountTier", a.rpm AS "accountRpm", a.tpm AS "accountTpm"
    FROM api_keys k JOIN accounts a ON a.id = k.account_id`;

/** What to read: keys by hash, by id, and all keys of accounts. */
export interface KeyFilter {
  readonly hashes: readonly string[];
  readonly ids: readonly string[];
  readonly accountIds: readonly string[];
}

/** Deleted ones included: that they are gone is news too. */
export function readKeys(pool: Pool, filter: KeyFilter): Promise<KeyRow[]> {
  return timedQuery(
    pool,
    `${SELECT} WHERE k.hash = ANY($1::bytea[]) OR k.id = ANY($2::text[]) OR k.account_id = ANY($3::text[])`,
    [filter.hashes.map(hash => Buffer.from(hash, 'hex')), filter.ids, filter.accountIds],
  );
}

/** One page of living keys, newest first. @param before id of the last row of the page before; undefined: from the newest */
export function readKeyPage(pool: Pool, before: string | undefined, limit: number): Promise<KeyRow[]> {
  return timedQuery(
    pool,
    `${SELECT} WHERE k.deleted_at IS NULL AND ($1::text IS NULL OR k.id < $1) ORDER BY k.id DESC LIMIT $2`,
    [before ?? null, limit],
    PAGE_TIMEOUT_MS,
  );
}
