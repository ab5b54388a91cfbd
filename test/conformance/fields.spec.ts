import { readFileSync, writeFileSync } from 'node:fs';
import { fieldsPage } from './support/fields-page.js';

const FILE = 'docs/fields.md';

it(`${FILE} says what the lists of the protocols and providers say: npm run docs:fields`, () => {
  if (process.env['FIELDS_WRITE'] === '1') writeFileSync(FILE, fieldsPage());
  expect(readFileSync(FILE, 'utf8')).toBe(fieldsPage());
});
