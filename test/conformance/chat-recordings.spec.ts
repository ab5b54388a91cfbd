import { describeWith, materials } from '../support/materials.js';
import { recordedExchanges } from './support/exchange.js';
import { replaySuite } from './support/replay-suite.js';

const folder = materials('recordings', 'replaying recorded chat traffic');

describeWith(folder, 'recorded chat traffic, replayed as the upstream', recordings => {
  replaySuite(recordedExchanges(recordings));
});
