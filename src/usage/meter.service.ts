import { Injectable, Logger } from '@nestjs/common';
import { Journal } from './journal/journal.js';
import { openedLine } from './journal/line.js';
import { interruptedRecord } from './journal/replay.js';
import type { Segment } from './journal/segment.js';
import { writeRecord } from './journal/write-record.js';
import { usageMetrics } from './metrics.js';
import type { Meter, Opening } from './meter.js';
import { RequestMeter } from './request-meter.js';
import type { UsageRecord } from './usage-record.js';

/** Opens a meter for every request that passes `reserve`; what its meter closes with is in the journal before a caller sees it. */
@Injectable()
export class MeterService {
  readonly #log = new Logger(MeterService.name);

  constructor(private readonly journal: Journal) {}

  /** @throws service_unavailable when the journal is full or cannot be written: nothing may run that cannot be recorded */
  open(opening: Opening): Meter {
    this.journal.checkRoom();
    const openedIn = this.journal.open(openedLine(opening));
    return new RequestMeter(opening, record => this.#keep(opening, openedIn, record));
  }

  async #keep(opening: Opening, openedIn: Segment, record: UsageRecord): Promise<UsageRecord> {
    try {
      await this.journal.append(writeRecord(record), openedIn);
    } catch (error) {
      // Nobody pays for what could not be recorded, and nobody is told that it went well.
      const lost = interruptedRecord({ ...record, started_at: opening.startedAt }, Date.now());
      this.journal.abandon(writeRecord(lost), openedIn);
      opening.onClose?.(lost);
      throw error;
    }
    if (record.usage_mismatch || record.error_code === 'price_unavailable') this.#flag(record);
    opening.onClose?.(record);
    return record;
  }

  #flag(record: UsageRecord): void {
    const { request_id, provider, resolved_model } = record;
    if (record.usage_mismatch) {
      usageMetrics.mismatches.inc({ provider: provider ?? '' });
      this.#log.warn(
        `${request_id}: the usage that ${provider} reports for ${resolved_model} does not sum to its total`,
      );
    }
    if (record.error_code === 'price_unavailable') {
      usageMetrics.unpriced.inc({ model: record.catalog_model });
      this.#log.error(
        `${request_id}: used something that price ${record.price_id} of ${record.catalog_model} has no rate for; it was not charged`,
      );
    }
  }
}
