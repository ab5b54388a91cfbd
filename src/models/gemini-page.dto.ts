import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

/** https://ai.google.dev/api/models#method:-models.list: as there, but a list without `pageSize` is whole. */
export class GeminiPage {
  @IsOptional()
  @Max(1000)
  @Min(1)
  @IsInt()
  @Type(() => Number)
  pageSize?: number;

  @IsOptional()
  @IsString()
  pageToken?: string;
}
