import { LazuError } from '../../errors.js';
import type { SandboxRequest } from './request.js';

const FAULTS = ['429', '500', 'timeout', 'slow', 'cut', 'malformed'] as const;
export type Fault = (typeof FAULTS)[number];

/** What `metadata` asks of the sandbox: see docs/sandbox.md. */
export interface Switches {
  readonly fault: Fault | undefined;
  /** Between two chunks of a stream, before a whole answer, and before a timeout. */
  readonly delayMs: number;
}

const DEFAULT_DELAY_MS = 5;
const SLOW_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;

/** @throws LazuError `invalid_request` for a word it does not know, so that a typing error does not pass as a success */
export function switchesOf({ metadata }: SandboxRequest): Switches {
  const word = metadata?.sandbox;
  const fault = FAULTS.find(known => known === word);
  if (word !== undefined && !fault) {
    throw new LazuError('invalid_request', `metadata.sandbox: must be one of ${FAULTS.join(', ')}`, {
      param: 'metadata.sandbox',
    });
  }
  const usual = fault === 'slow' || fault === 'timeout' ? SLOW_DELAY_MS : DEFAULT_DELAY_MS;
  const asked = metadata?.sandbox_delay_ms;
  const delayMs = asked === undefined ? usual : Number(asked);
  if (!(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= LONGEST_DELAY_MS)) {
    throw new LazuError('invalid_request', `metadata.sandbox_delay_ms: must be 0 to ${LONGEST_DELAY_MS} milliseconds`, {
      param: 'metadata.sandbox_delay_ms',
    });
  }
  return { fault, delayMs };
}
