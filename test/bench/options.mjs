import { parseArgs } from 'node:util';
import { contenders } from './contenders/index.mjs';
import { rows } from './rows.mjs';

export const HELP = `npm run bench -- [options]
  --quick               two rounds, fewer requests, no Portkey: a smoke, not a measurement
  --rows 600B,stream    of ${rows.map(row => row.name).join(', ')}
  --only lazu,bare      of ${Object.keys(contenders).join(', ')}
  --rounds 7            alternating rounds of each row
  --seconds 3           length of one wrk run
  --ascii               bodies without a single character beyond ASCII
  --no-build            measure dist/ as it is`;

/** Rows that compare nothing but ways of Lazu. */
const LAZU_ALONE = new Set(['translation', 'in-process']);

function listed(text, known, option) {
  const names = text.split(',');
  const wrong = names.filter(name => !known.includes(name));
  if (wrong.length > 0) throw new Error(`${option}: unknown ${wrong.join(', ')}; known are ${known.join(', ')}`);
  return known.filter(name => names.includes(name));
}

/** @throws when an option is unknown */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rows: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      ascii: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
    },
  });
  const { quick } = values;
  const rowNames = rows.map(row => row.name);
  const all = Object.keys(contenders);
  const asked = listed(values.rows ?? rowNames.join(), rowNames, '--rows');
  const among = listed(values.only ?? all.filter(name => !quick || name !== 'portkey').join(), all, '--only');
  return {
    help: values.help,
    quick,
    ascii: values.ascii,
    build: !values['no-build'],
    rows: rows.filter(row => asked.includes(row.name) && (among.includes('lazu') || !LAZU_ALONE.has(row.kind))),
    contenders: among,
    rounds: Number(values.rounds ?? (quick ? 2 : 7)),
    seconds: Number(values.seconds ?? (quick ? 1 : 3)),
    /** Streams one after the other on each of a row's connections, in one run. */
    streamTimes: quick ? 2 : 5,
    /** Requests of one fixed-rate run. */
    latencyCount: quick ? 400 : 2_000,
    /** How long open streams are held before memory is read. */
    holdMs: quick ? 2_000 : 5_000,
    memoryRounds: quick ? 1 : 3,
    warmUp: count => (quick ? Math.ceil(count / 10) : count),
  };
}
