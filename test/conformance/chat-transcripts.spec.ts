import { readdirSync } from 'node:fs';
import { exchangesIn } from './support/exchange.js';
import { replaySuite } from './support/replay-suite.js';

const folder = new URL('transcripts/', import.meta.url).pathname;

// Written by us from the vendors' documentation (each names its page), in the format of the recordings.
describe('transcripts of our own, replayed as the upstream', () => {
  replaySuite(
    readdirSync(folder)
      .sort()
      .flatMap(file => exchangesIn(folder, file)),
  );
});
