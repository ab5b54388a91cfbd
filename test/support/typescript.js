import { register } from 'node:module';

/** `node --import test/support/typescript.js x.ts`: runs the sources as they are, for tests that need a process of their own. */
register('./typescript-hooks.js', import.meta.url);
