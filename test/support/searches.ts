import type { RecordFilter } from '../../src/usage/record-query.js';

const DAY_MS = 24 * 3_600_000;

/** What an operator asks `GET /api/admin/requests` for; a page of 20. */
export function searches(days: number): { name: string; filter: RecordFilter }[] {
  const page = { after: undefined, take: 21 };
  const at = (back: number) => new Date(Date.now() - back * DAY_MS);
  const accountId = `acct_${'3'.padStart(26, '0')}`;
  const keyId = `key_${'17'.padStart(26, '0')}`;
  return [
    { name: 'newest', filter: page },
    { name: 'of an account', filter: { ...page, accountId } },
    { name: 'of a key', filter: { ...page, keyId } },
    { name: 'of a small account', filter: { ...page, accountId: `acct_${'199'.padStart(26, '0')}` } },
    { name: 'failed', filter: { ...page, status: 'failed' } },
    { name: 'of an account, failed, a model', filter: { ...page, accountId, status: 'failed', model: 'acme/model-5' } },
    { name: 'of a day long ago', filter: { ...page, from: at(days - 2), to: at(days - 3) } },
    { name: 'of an account on a day long ago', filter: { ...page, accountId, from: at(days - 2), to: at(days - 3) } },
    { name: 'an error that never was', filter: { ...page, errorCode: 'context_length_exceeded' } },
    { name: 'an account that never was', filter: { ...page, accountId: 'acct_none' } },
    { name: 'a channel that never was', filter: { ...page, channelId: 'chan_none' } },
    { name: 'a model that never was', filter: { ...page, model: 'nothing' } },
    { name: 'a batch that never was', filter: { ...page, batchId: 'batch_none' } },
    { name: 'interrupted, which none is', filter: { ...page, status: 'interrupted' } },
  ];
}
