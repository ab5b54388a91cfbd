import { ref } from '../schemas/schema.js';
import { pageOf, type Operations } from './operation.js';

const accounts = { tag: 'Admin: accounts' } as const;
const keys = { tag: 'Admin: keys' } as const;
const records = { tag: 'Admin: records' } as const;
const byReference =
  'Idempotent by `reference`: the same again gives the first result, another amount is a `conflict`. Amounts are integer microUSD.';

export const adminOperations: Operations = {
  'POST /api/admin/accounts': { ...accounts, status: 201, summary: 'Make an account', answer: ref('Account') },
  'GET /api/admin/accounts': { ...accounts, summary: 'List accounts, newest first', answer: pageOf('Account') },
  'GET /api/admin/accounts/{id}': { ...accounts, summary: 'Read an account', answer: ref('Account') },
  'PATCH /api/admin/accounts/{id}': {
    ...accounts,
    summary: 'Change an account',
    description: 'Fields that are absent stay; null clears. Suspending refuses all keys of the account at once.',
    answer: ref('Account'),
  },
  'POST /api/admin/accounts/{id}/topups': {
    ...accounts,
    status: 201,
    summary: 'Add money',
    description: byReference,
    answer: ref('LedgerEntry'),
    errors: ['conflict'],
  },
  'POST /api/admin/accounts/{id}/adjustments': {
    ...accounts,
    status: 201,
    summary: 'Grant or correct, of either sign',
    description: byReference,
    answer: ref('LedgerEntry'),
    errors: ['conflict'],
  },
  'GET /api/admin/accounts/{id}/ledger': {
    ...accounts,
    summary: "The account's postings, newest first",
    answer: pageOf('LedgerEntry'),
  },
  'GET /api/admin/ledger/check': {
    ...accounts,
    summary: 'Prove that the ledger adds up',
    description:
      'Every transaction balances and moves only the money of its account, and what the usage records of each batch charge is what was posted. Reads all of it: not for every minute.',
    answer: ref('LedgerCheck'),
  },
  'POST /api/admin/accounts/{id}/keys': {
    ...keys,
    status: 201,
    summary: 'Make a caller key',
    description: 'The answer holds `key`, this once: only its SHA-256 is kept.',
    answer: ref('CreatedApiKey'),
  },
  'GET /api/admin/accounts/{id}/keys': {
    ...keys,
    summary: 'List the keys of an account',
    answer: pageOf('ApiKey'),
  },
  'GET /api/admin/keys/{id}': { ...keys, summary: 'Read a key', answer: ref('ApiKey') },
  'PATCH /api/admin/keys/{id}': {
    ...keys,
    summary: 'Change a key',
    description: 'Fields that are absent stay; null clears. In force when this answers.',
    answer: ref('ApiKey'),
  },
  'DELETE /api/admin/keys/{id}': {
    ...keys,
    summary: 'Delete a key',
    description: 'When this has answered, the next request with the key is refused. Streams that run may finish.',
    answer: ref('DeletedApiKey'),
  },
  'POST /api/admin/admin-keys': {
    ...keys,
    status: 201,
    summary: 'Make an admin key',
    description: 'The answer holds `key`, this once.',
    answer: ref('CreatedAdminKey'),
  },
  'GET /api/admin/admin-keys': { ...keys, summary: 'List admin keys', answer: pageOf('AdminKey') },
  'DELETE /api/admin/admin-keys/{id}': {
    ...keys,
    summary: 'Delete an admin key',
    description: 'The last owner key stays: a `conflict`.',
    answer: ref('DeletedAdminKey'),
    errors: ['conflict'],
  },
  'GET /api/admin/audit': { ...records, summary: 'Who changed what, newest first', answer: pageOf('AuditEvent') },
};
