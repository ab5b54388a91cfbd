import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
} from 'class-validator';
import type { AdminRoleName } from '../auth/request.js';
import type { LanePreference } from '../catalog/route.js';
import { MOST_PER_MINUTE } from './accounts.dto.js';
import { IsCidr, IsIsoDateTime, IsLabels, IsLanes, IsText, MayBeAbsent } from './validators.js';

/** Absent: unchanged; null: cleared. */
class KeyDto {
  @MayBeAbsent()
  @IsBoolean()
  disabled?: boolean;

  @IsOptional()
  @IsIsoDateTime()
  expires_at?: string | null;

  /** Catalog names, not aliases (those are resolved before the comparison); null: every model; an empty list: none. */
  @IsOptional()
  @IsText(1, 200, { each: true })
  @ArrayMaxSize(1000)
  @IsArray()
  allowed_models?: string[] | null;

  /** CIDRs, v4 or v6; null: from anywhere. */
  @IsOptional()
  @IsCidr({ each: true })
  @IsString({ each: true })
  @ArrayMaxSize(1000)
  @IsArray()
  ip_allowlist?: string[] | null;

  @IsOptional()
  @Max(Number.MAX_SAFE_INTEGER)
  @Min(0)
  @IsInt()
  quota_micro_usd?: number | null;

  @IsOptional()
  @IsIn(['total', 'day', 'month'])
  quota_period?: 'total' | 'day' | 'month' | null;

  /** Vendor id → direct, cheap or auto. */
  @IsOptional()
  @IsLanes()
  @IsObject()
  lanes?: Record<string, LanePreference> | null;

  @IsOptional()
  @Max(MOST_PER_MINUTE)
  @Min(0)
  @IsInt()
  rpm?: number | null;

  @IsOptional()
  @Max(MOST_PER_MINUTE)
  @Min(0)
  @IsInt()
  tpm?: number | null;

  @IsOptional()
  @IsLabels()
  @IsObject()
  labels?: Record<string, string> | null;
}

export class CreateKeyDto extends KeyDto {
  @IsText(1, 200)
  name!: string;
}

export class UpdateKeyDto extends KeyDto {
  @MayBeAbsent()
  @IsText(1, 200)
  name?: string;
}

export class CreateAdminKeyDto {
  @IsText(1, 200)
  name!: string;

  @IsIn(['owner', 'admin', 'viewer'])
  role!: AdminRoleName;
}
