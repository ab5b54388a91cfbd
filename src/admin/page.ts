import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsText } from './validators.js';

/** Query of every list: `?limit=20&after=<last_id of the page before>`. */
export class PageQuery {
  @IsOptional()
  @Type(() => Number)
  @Max(100)
  @Min(1)
  @IsInt()
  limit: number = 20;

  @IsOptional()
  @IsText(1, 200)
  after?: string;
}

/** What a service needs to read one page: one row more than the page holds tells whether there are others. */
export interface Slice {
  readonly after: string | undefined;
  readonly take: number;
}

export interface Page<Item> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
  /** Hand it back as `after`; null on an empty page. */
  readonly last_id: string | null;
}

export function sliceOf(query: PageQuery): Slice {
  return { after: query.after, take: query.limit + 1 };
}

/** @param items what a service gave for `sliceOf(query)`: at most `limit + 1` of them, newest first */
export function pageOf<Item extends { readonly id: string }>(items: readonly Item[], query: PageQuery): Page<Item> {
  const data = items.slice(0, query.limit);
  return { data, has_more: items.length > query.limit, last_id: data.at(-1)?.id ?? null };
}
