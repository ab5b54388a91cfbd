import type { SyncEntry } from './plan.js';
import { reportText } from './report-text.js';

const entry = (more: Partial<SyncEntry> & Pick<SyncEntry, 'model' | 'status'>): SyncEntry => ({
  ...{ vendor_id: 'acme', reason: null, quoted_as: null, official: [], prices: [], notes: [] },
  ...more,
});
const halved = [
  { field: 'input_per_mtok', from: '2.5', to: '1.25' },
  { field: 'cache_read_per_mtok', from: null, to: '0.125' },
];

it('a report is a table of old and new, and says what was left alone and why', () => {
  const text = reportText({
    ...{ object: 'price_sync', source: 'prices 1.0', applied: false },
    summary: { changes: 1, held: 1, same: 7, left_alone: 1 },
    data: [
      entry({
        ...{ model: 'rocket-large', status: 'changes', official: halved, notes: ['no dimension here for fuel'] },
        prices: [
          { lane: 'direct', factor: null, changes: halved },
          { lane: 'cheap', factor: '0.5', changes: [{ field: 'input_per_mtok', from: '1.25', to: '0.625' }] },
        ],
      }),
      entry({ model: 'train', status: 'held', reason: 'a context tier ends', official: halved.slice(0, 1) }),
      entry({ model: 'ship', status: 'left_alone', reason: 'The package does not know this model.' }),
    ],
  });
  expect(text).toBe(
    `
Official prices of prices 1.0. Models: 1 to change, 1 held, 7 the same, 1 left alone.

To change
  model         price        USD                  old      new
  rocket-large  official     input_per_mtok       2.5   →  1.25
                official     cache_read_per_mtok  none  →  0.125
                cheap × 0.5  input_per_mtok       1.25  →  0.625
                (direct is the official price)
                (no dimension here for fuel)

Held: only made with --accept MODEL
  model  price     USD             old     new
  train  official  input_per_mtok  2.5  →  1.25
         (a context tier ends)

Left alone
  ship  The package does not know this model.

Nothing was written. --apply makes the changes.`.trim(),
  );
});
