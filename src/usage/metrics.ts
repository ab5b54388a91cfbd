import { Counter, Gauge } from 'prom-client';

/** What operators watch of metering; all of it rare, so that nothing here runs for an ordinary request. */
export const usageMetrics = {
  mismatches: new Counter({
    name: 'lazu_usage_mismatches_total',
    help: 'Answers whose token dimensions do not sum to the total that the provider states',
    labelNames: ['provider'],
  }),
  unpriced: new Counter({
    name: 'lazu_usage_unpriced_total',
    help: 'Answers that used something their price has no rate for',
    labelNames: ['model'],
  }),
  recorded: new Counter({ name: 'lazu_usage_recorded_total', help: 'Usage records written to PostgreSQL' }),
  rejected: new Counter({
    name: 'lazu_usage_rejected_total',
    help: 'Usage records that PostgreSQL refused for good; they stand in journal/rejected.jsonl',
  }),
  retries: new Counter({
    name: 'lazu_usage_record_retries_total',
    help: 'Batches of usage records that could not be written and were tried again',
  }),
  journalBytes: new Gauge({ name: 'lazu_journal_bytes', help: 'Bytes of the journal that are not in PostgreSQL yet' }),
  journalProblems: new Counter({
    name: 'lazu_journal_problems_total',
    help: 'Times that the journal was full or could not be written',
  }),
  strayRows: new Gauge({
    name: 'lazu_usage_stray_rows',
    help: 'Whether usage records lie in the default partition (1) instead of their day (0)',
    aggregator: 'max',
  }),
};
