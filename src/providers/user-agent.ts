import { createRequire } from 'node:module';

/** The same relative path from `src/providers` and from `dist/providers`. */
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** How Lazu names itself to vendors, so that their support can tell its traffic apart. */
export const USER_AGENT = `lazu/${version}`;
