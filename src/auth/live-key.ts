import type { LanePreference } from '../catalog/route.js';
import type { Caller } from './caller.js';
import { IpAllowlist } from './ip-allowlist.js';
import type { KeyRow } from './key-row.js';

const NO_LANES: Readonly<Record<string, LanePreference>> = Object.freeze({});

/**
 * A key in the ring. One object per key for as long as the process knows it: a running request that holds it sees `revoked` flip.
 * A change replaces `allowedModels` and `lanes` as wholes, so what is derived from them may be cached by their identity.
 */
export class LiveKey implements Caller {
  readonly keyId: string;
  readonly accountId: string;
  readonly hash: string;
  allowedModels: ReadonlySet<string> | undefined;
  lanes: Readonly<Record<string, LanePreference>> = NO_LANES;
  rpm: number | undefined;
  accountRpm: number | undefined;
  tpm: number | undefined;
  accountTpm: number | undefined;
  quotaMicroUsd: bigint | undefined;
  quotaPeriod: Caller['quotaPeriod'];
  revoked = false;
  /** Why every request is refused; undefined: none is. */
  refusal: 'invalid_api_key' | 'token_disabled' | 'account_suspended' | undefined;
  /** Milliseconds since 1970; Infinity: never. */
  expiresAt = Infinity;
  allowlist: IpAllowlist | undefined;
  /** Tick of the ring's clock when this state was true: an older read does not overwrite a newer one. */
  knownAt: number;

  constructor(row: KeyRow, knownAt: number) {
    this.keyId = row.id;
    this.accountId = row.accountId;
    this.hash = row.hash;
    this.knownAt = knownAt;
    this.update(row, knownAt);
  }

  update(row: KeyRow, knownAt: number): void {
    this.knownAt = knownAt;
    this.allowedModels = row.allowedModels ? new Set(row.allowedModels) : undefined;
    this.lanes = isEmpty(row.lanes) ? NO_LANES : Object.freeze({ ...row.lanes });
    this.rpm = lower(row.rpm, row.accountRpm);
    this.accountRpm = row.accountRpm ?? undefined;
    this.tpm = lower(row.tpm, row.accountTpm);
    this.accountTpm = row.accountTpm ?? undefined;
    this.quotaMicroUsd = row.quotaMicroUsd === null ? undefined : BigInt(row.quotaMicroUsd);
    this.quotaPeriod = this.quotaMicroUsd === undefined ? undefined : ((row.quotaPeriod ?? 'total') as 'total');
    this.expiresAt = row.expiresAt?.getTime() ?? Infinity;
    this.allowlist = row.ipAllowlist ? new IpAllowlist(row.ipAllowlist) : undefined;
    this.refuse(refusalOf(row), knownAt);
  }

  refuse(why: LiveKey['refusal'], knownAt: number): void {
    this.knownAt = knownAt;
    this.refusal = why;
    this.revoked = why !== undefined;
  }
}

function refusalOf(row: KeyRow): LiveKey['refusal'] {
  if (row.deletedAt) return 'invalid_api_key';
  if (row.disabled) return 'token_disabled';
  return row.accountStatus === 'active' ? undefined : 'account_suspended';
}

function lower(one: number | null, other: number | null): number | undefined {
  if (one === null) return other ?? undefined;
  return other === null ? one : Math.min(one, other);
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}
