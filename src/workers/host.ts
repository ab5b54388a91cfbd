import { ulid } from 'ulid';
import type { Link } from './link.js';
import { NOBODY, type Siblings } from './siblings.js';

/** This process among those of its host (`WORKERS`). */
export interface Host {
  /** `alone` does everything; a `primary` serves nobody and owns what there is once per host; a `worker` serves. */
  readonly role: 'alone' | 'primary' | 'worker';
  /** Which worker: 1, 2 … */
  readonly worker: number | undefined;
  /** Of all its processes together: they count as one towards other hosts. */
  readonly instanceId: string;
  /** A worker's way to its primary. */
  readonly primary: Link | undefined;
  readonly siblings: Siblings;
}

export const Host = Symbol('Host');

export const newInstanceId = (): string => `inst_${ulid()}`;

/** `WORKERS=1`. */
export const alone = (): Host => ({
  role: 'alone',
  worker: undefined,
  instanceId: newInstanceId(),
  primary: undefined,
  siblings: NOBODY,
});
