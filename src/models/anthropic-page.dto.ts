import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

/** https://platform.claude.com/docs/en/api/models-list: as there, but a list without `limit` is whole. */
export class AnthropicPage {
  @IsOptional()
  @Max(1000)
  @Min(1)
  @IsInt()
  @Type(() => Number)
  limit?: number;

  @IsOptional()
  @IsString()
  after_id?: string;

  @IsOptional()
  @IsString()
  before_id?: string;
}
