import { Injectable, type PipeTransform } from '@nestjs/common';
import type { Lane } from '../catalog/route.js';
import { LazuError } from '../errors.js';

/** A lane, out of a path. */
@Injectable()
export class LaneName implements PipeTransform<string, Lane> {
  transform(lane: string): Lane {
    if (lane === 'direct' || lane === 'cheap') return lane;
    throw new LazuError('invalid_value', 'A lane is direct or cheap.', { param: 'lane' });
  }
}
