import { ref } from '../schemas/schema.js';
import { pageOf, type Operations } from './operation.js';

const account = { tag: 'Account' } as const;
const records = { tag: 'Admin: records' } as const;
const days = 'Whole UTC days, `from` and `to` included; the last 30 when left out, at most 400.';

export const usageOperations: Operations = {
  'GET /api/usage/requests/{request_id}': {
    ...account,
    summary: 'What one request did and cost',
    description:
      'Of this key only. Readable at once on the host that served it, within a second on any other: a look-up of a young unknown id waits up to 2 s.',
    answer: ref('RequestUsage'),
    errors: ['request_not_found'],
  },
  'GET /api/usage': { ...account, summary: "Sums of this key's usage", description: days, answer: ref('UsageReport') },
  'GET /api/account': {
    ...account,
    summary: 'What this key and its account have left',
    answer: ref('AccountStanding'),
  },
  'GET /api/admin/usage': {
    ...records,
    summary: 'Sums of all usage',
    description: `${days} \`group_by\` takes several of \`day\`, \`account\`, \`key\`, \`model\`, \`lane\` and \`label:<name>\`, divided by commas. Labels are those that keys have now. At most 1,000 groups: the earliest days, else the dearest; \`total\` is of all.`,
    answer: ref('AdminUsageReport'),
  },
  'GET /api/admin/requests': {
    ...records,
    summary: 'Search usage records, newest first',
    description: 'All filters together. `from` and `to` are moments, `to` not included.',
    answer: pageOf('Request'),
  },
};
