import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/**
 * Lazu with the options of Node that `npm start` gives it.
 * @param {string[]} [nodeFlags] more of them
 */
export const startCommand = (nodeFlags = []) => [
  process.execPath,
  ...nodeFlags,
  ...scripts.start.split(' ').slice(1, -1),
  fileURLToPath(new URL('dist/main.js', root)),
];
