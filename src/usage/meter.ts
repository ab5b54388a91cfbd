import type { Route } from '../catalog/route.js';
import type { Usage } from '../protocols/usage.js';
import type { LazuError } from '../errors.js';
import type { Routing, UsageRecord } from './usage-record.js';

/** What is known of a request when its meter opens: after `reserve`, before anything is sent. */
export interface Opening {
  readonly requestId: string;
  readonly accountId: string;
  readonly keyId: string;
  /** `Date.now()` when the caller was identified. */
  readonly startedAt: number;
  readonly endpoint: string;
  readonly protocol: string;
  readonly stream: boolean;
  readonly model: string;
  readonly catalogModel: string;
  /** Told once, after the journal: where limits are settled and metrics counted. Must not throw. */
  readonly onClose?: (record: UsageRecord) => void;
}

/** What was sent and received, by estimate and tokenizer: charged where no vendor ever said. */
export type Delivery = Pick<Usage, 'dimensions' | 'serviceTier' | 'calls'>;

/** How a request ended, as `dispatch` saw it. Exactly one of these closes the meter (contract §13's table). */
export type Ending =
  /** 2xx, or a stream whose terminal mark came. `delivered` stands in where the vendor never reported usage. */
  | { readonly kind: 'completed'; readonly delivered?: Delivery }
  /** Nothing, or no more, will reach the caller. Charged only if final usage was seen, or for what the caller's own money ended. */
  | { readonly kind: 'failed'; readonly error: LazuError; readonly delivered?: Delivery }
  /**
   * The caller left. `drained`: final usage came in the grace; else `delivered` is what they got, by tokenizer; absent: nothing that costs was
   * asked of a vendor.
   */
  | {
      readonly kind: 'left';
      readonly drained: boolean;
      readonly delivered?: Delivery;
    };

/**
 * The per-request observer of usage. Opened by `MeterService.open`, closed exactly once: the first ending wins, later ones get
 * the same promise. `close` resolves when the record is in the journal; only then may the terminal frame go out.
 */
export interface Meter {
  readonly requestId: string;
  /** The route that this attempt takes: whose price counts. Called again on failover. */
  route(route: Route): void;
  /** First output byte went to the caller. */
  firstByte(): void;
  /** Final figures from the vendor. The last call wins; with `n` fan-out `dispatch` sums before it calls. */
  see(usage: Usage): void;
  /** What the vendor calls the model that answered. */
  resolvedModel(name: string): void;
  /** Why it went where it went; read at close. */
  routing(routing: Routing): void;
  close(ending: Ending): Promise<UsageRecord>;
}
