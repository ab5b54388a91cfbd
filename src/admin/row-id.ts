import { Injectable, type PipeTransform } from '@nestjs/common';
import { LazuError } from '../errors.js';

/** `acct_<ULID>` and the like, out of a path. Anything else is no row's, and need not reach the database. */
@Injectable()
export class RowId implements PipeTransform<string, string> {
  transform(id: string): string {
    if (/^[a-z]{3,5}_\w{1,40}$/.test(id)) return id;
    throw new LazuError('not_found', 'There is nothing with this id.');
  }
}
