import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsInt, IsObject, IsOptional, IsString } from 'class-validator';
import { Length, Max, Min, ValidateNested } from 'class-validator';
import type { Lane } from '../catalog/route.js';
import { providers } from '../providers/index.js';
import { IsCredential, IsHttpUrl, MayBeAbsent } from './validators.js';

const PROVIDERS = providers.map(provider => provider.name);

class ChannelModelDto {
  /** A catalog name or alias. */
  @Length(1, 200)
  @IsString()
  model!: string;

  /** What the provider calls it; absent or null: the same. */
  @IsOptional()
  @Length(1, 200)
  @IsString()
  upstream_model?: string | null;
}

/** Absent: unchanged; null: cleared. */
class ChannelDto {
  @MayBeAbsent()
  @IsIn(['direct', 'cheap'])
  lane?: Lane;

  /** Where the provider is; null: its own place. Loopback and private networks are fine. */
  @IsOptional()
  @IsHttpUrl()
  base_url?: string | null;

  /** A text, or texts by name where one is not enough. Never readable back. */
  @IsOptional()
  @IsCredential()
  credential?: string | Record<string, string> | null;

  @MayBeAbsent()
  @ValidateNested({ each: true })
  @Type(() => ChannelModelDto)
  @ArrayMaxSize(1000)
  @IsArray()
  models?: ChannelModelDto[];

  /** Lower is tried first. */
  @MayBeAbsent()
  @Max(1000)
  @Min(-1000)
  @IsInt()
  priority?: number;

  /** Share among channels of equal priority. */
  @MayBeAbsent()
  @Max(1000)
  @Min(0)
  @IsInt()
  weight?: number;

  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @MayBeAbsent()
  @IsObject()
  options?: Record<string, unknown>;
}

export class CreateChannelDto extends ChannelDto {
  @Length(1, 200)
  @IsString()
  name!: string;

  @IsIn(PROVIDERS)
  provider!: string;
}

export class UpdateChannelDto extends ChannelDto {
  @MayBeAbsent()
  @Length(1, 200)
  @IsString()
  name?: string;

  @MayBeAbsent()
  @IsIn(PROVIDERS)
  provider?: string;
}

export class TestChannelDto {
  /** One of the channel's models; absent: the first that chats. */
  @MayBeAbsent()
  @Length(1, 200)
  @IsString()
  model?: string;
}
