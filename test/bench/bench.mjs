/** `npm run bench`: what Lazu costs, against a bare proxy and a peer, in one run. Options: `--help`; method: docs/performance.md. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inAscii } from './bodies.mjs';
import { checkTotal } from './check.mjs';
import { HELP, readOptions } from './options.mjs';
import { build, checkMachine, install, NotPossible } from './prepare.mjs';
import { MEASURED_CORE, OTHER_CORE, pin } from './processes.mjs';
import { describeRow, save, table } from './report.mjs';
import { describeTranslation, translationTable } from './report-translations.mjs';
import { alternate, checkAll, freshEachTime, startAll } from './rounds.mjs';

const TRANSLATE = fileURLToPath(new URL('translate.mjs', import.meta.url));

const say = text => process.stderr.write(`${text}\n`);

async function measureAll(options) {
  const described = [];
  const together = options.rows.filter(({ kind }) => kind !== 'memory' && kind !== 'in-process');
  if (together.length > 0) {
    const all = await startAll(options.contenders, { chunks: 100, delay: 0 });
    try {
      await checkAll(all);
      say(`checked: ${options.contenders.join(', ')} answer rightly`);
      for (const row of together) {
        const describe = row.kind === 'translation' ? describeTranslation : describeRow;
        described.push(describe(row, await alternate(row, all, options, say)));
      }
      for (const target of all.targets) {
        const records = await checkTotal(target);
        if (records !== undefined)
          say(`checked: ${records} usage records of ${target.answered} answers that were counted`);
      }
    } finally {
      await all.stop();
    }
  }
  for (const row of options.rows.filter(each => each.kind === 'memory')) {
    described.push(describeRow(row, await freshEachTime(row, options, say)));
  }
  return described;
}

/** On the core that the servers had, now that they are gone. */
const inProcess = () =>
  execFileSync('taskset', ['-c', String(MEASURED_CORE), process.execPath, TRANSLATE], { encoding: 'utf8' });

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
    return;
  }
  checkMachine(options.rows);
  if (options.contenders.includes('portkey')) install();
  if (options.contenders.includes('lazu') && options.build) build();
  pin(process.pid, OTHER_CORE);
  const scratch = mkdtempSync(join(tmpdir(), 'lazu-bench-bodies-'));
  try {
    for (const row of options.rows) {
      if (row.body === undefined) continue;
      if (options.ascii) row.body = inAscii(row.body);
      row.bodyFile = join(scratch, `${row.name}.json`);
      writeFileSync(row.bodyFile, row.body);
    }
    const described = await measureAll(options);
    const isTranslation = ({ kind }) => kind === 'translation';
    const tables = [
      [described.filter(row => !isTranslation(row)), table],
      [described.filter(isTranslation), translationTable],
    ];
    console.log(tables.flatMap(([some, print]) => (some.length > 0 ? [print(some)] : [])).join('\n\n'));
    if (options.rows.some(({ kind }) => kind === 'in-process')) console.log(`\n${inProcess()}`);
    say(`\nall figures: ${save(described, options)}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  say(error instanceof NotPossible ? error.message : error.stack);
  process.exit(error instanceof NotPossible ? 2 : 1);
}
