import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsObject } from 'class-validator';
import { IsOptional, IsString, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { ENDPOINT_TYPES } from '../catalog/endpoints.js';
import type { EndpointType } from '../catalog/route.js';
import { IsFlags, IsIsoDateTime, IsUsd, MayBeAbsent } from './validators.js';

const MODALITIES = ['text', 'image', 'audio', 'video', 'file', 'embedding'];
const MOST_TOKENS = 1_000_000_000;

class ModalityDto {
  @MayBeAbsent()
  @IsIn(MODALITIES, { each: true })
  @IsArray()
  input?: string[];

  @MayBeAbsent()
  @IsIn(MODALITIES, { each: true })
  @IsArray()
  output?: string[];
}

/** The catalog entry's fields. Absent: as it was, or the default of a new model; null: none. */
export class PutModelDto {
  /** Who makes it; needed for a new model. */
  @MayBeAbsent()
  @Matches(/^[\w.-]{1,64}$/, { message: 'must be 1 to 64 letters, digits, - _ or .' })
  @IsString()
  vendor_id?: string;

  /** Other names for it; an empty list: none. */
  @MayBeAbsent()
  @ArrayUnique()
  @Length(1, 200, { each: true })
  @IsString({ each: true })
  @ArrayMaxSize(100)
  @IsArray()
  aliases?: string[];

  @MayBeAbsent()
  @ValidateNested()
  @Type(() => ModalityDto)
  @IsObject()
  modality?: ModalityDto;

  @MayBeAbsent()
  @ArrayUnique()
  @IsIn(ENDPOINT_TYPES, { each: true })
  @ArrayMinSize(1)
  @IsArray()
  supported_endpoint_types?: EndpointType[];

  @MayBeAbsent()
  @IsIn(ENDPOINT_TYPES)
  default_endpoint_type?: EndpointType;

  @MayBeAbsent()
  @IsFlags()
  parameters?: Record<string, boolean>;

  @IsOptional()
  @Max(MOST_TOKENS)
  @Min(1)
  @IsInt()
  context_length?: number | null;

  @IsOptional()
  @Max(MOST_TOKENS)
  @Min(1)
  @IsInt()
  max_output_tokens?: number | null;

  /** USD per million tokens. */
  @IsOptional()
  @IsUsd()
  official_input_price?: number | string | null;

  @IsOptional()
  @IsUsd()
  official_output_price?: number | string | null;

  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  /** The day on which it stops being served. */
  @IsOptional()
  @IsIsoDateTime()
  deprecated_at?: string | null;
}

/** USD per million tokens, or per call: numbers or decimal strings of at most six decimals. */
class RatesDto {
  @MayBeAbsent() @IsUsd() input_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() output_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() cache_read_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() cache_write_5m_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() cache_write_1h_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() audio_input_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() audio_output_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() image_input_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() image_output_per_mtok?: number | string;
  @MayBeAbsent() @IsUsd() per_request?: number | string;
  @MayBeAbsent() @IsUsd() per_tool_web_search?: number | string;
  @MayBeAbsent() @IsUsd() per_tool_code_execution?: number | string;
  @MayBeAbsent() @IsUsd() per_tool_other?: number | string;
  [field: string]: unknown;
}

class TierDto extends RatesDto {
  /** Above so many input tokens, cached ones included, these rates replace those they name. */
  @Max(MOST_TOKENS)
  @Min(1)
  @IsInt()
  above_input_tokens!: number;

  /** What a service tier costs above them. */
  @MayBeAbsent()
  @IsObject()
  service_tiers?: Record<string, unknown>;
}

export class PutPriceDto extends RatesDto {
  @MayBeAbsent()
  @ValidateNested({ each: true })
  @Type(() => TierDto)
  @ArrayMaxSize(10)
  @IsArray()
  tiers?: TierDto[];

  /** `flex`, `priority`, `batch` … → rates that replace those they name. */
  @MayBeAbsent()
  @IsObject()
  service_tiers?: Record<string, unknown>;
}
