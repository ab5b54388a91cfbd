import { topic } from '../workers/topic.js';
import type { Proof } from './proof.js';
import type { Left, Reservation, Shortage, Verdict } from './limit-store.js';

/** The port `LimitStore`, from a worker to the store of its primary. */
export const RESERVE = topic<Reservation, Verdict>('limits.reserve');
export const EXTEND = topic<{ readonly requestId: string; readonly byMicroUsd: bigint }, Shortage | undefined>(
  'limits.extend',
);
export const CORRECT = topic<{ readonly requestId: string; readonly tokens: number }>('limits.correct');
export const SETTLE = topic<{
  readonly requestId: string;
  readonly chargeMicroUsd: bigint;
  readonly tokens: number;
  /** Of a request that the worker admitted by itself. */
  readonly ask?: Reservation;
}>('limits.settle');
export const RELEASE = topic<string>('limits.release');
export const LEFT = topic<
  Pick<Reservation, 'accountId' | 'keyId' | 'quotaMicroUsd' | 'quotaPeriod' | 'startedAt'>,
  Left
>('limits.left');
export const PROVE = topic<undefined, Proof | undefined>('limits.prove');
/** The balance of this account was changed by a posting. */
export const FORGET = topic<string>('limits.forget');
