// How many usage records a second get through one process into the embedded PostgreSQL: `npm run bench:ingest`. Open loop: requests end at
// the rate that is asked for, whether or not the recorder keeps up; what it does not keep up with is the backlog.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LedgerService } from '../../src/billing/ledger.service.js';
import { TiersService } from '../../src/billing/tiers.service.js';
import { loadConfig } from '../../src/config.js';
import { Database } from '../../src/database/database.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import { checkLedger } from '../../src/billing/ledger-check.js';
import { Partitions } from '../../src/usage/partitions.js';
import { MAKE_ACCOUNTS, offer } from '../support/ingest.js';
import { metering } from '../support/usage.js';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '5000' }, seconds: { type: 'string', default: '30' } },
});
const rate = Math.min(20_000, Number(values.rate));
const seconds = Math.min(120, Number(values.seconds));

const dataDir = await mkdtemp(join(tmpdir(), 'lazu-ingest-'));
const config = loadConfig({ LAZU_DATA_DIR: dataDir, BILLING: 'prepaid' });
const database = await Database.open(config);
try {
  await new Partitions(config, database).maintain(Date.now());
  await database.pool.query(MAKE_ACCOUNTS);
  const ledger = new LedgerService(new PrismaService(database), new TiersService(config, database));
  const meters = metering(database.pool, { root: join(dataDir, 'journal'), ledger });
  await meters.recorder.start();

  const recorded = async () =>
    Number(
      (await database.pool.query<{ n: string }>('SELECT coalesce(sum(requests), 0) AS n FROM usage_rollups')).rows[0]!
        .n,
    );
  await offer(meters, { rate, seconds: 3 }); // warm
  await settled();
  const before = await recorded();
  const [cpu, serverCpu, begun] = [process.cpuUsage(), serverCpuMs(), performance.now()];
  console.log('second  ended  held in memory  journal MB');
  let second = 0;
  const offered = await offer(meters, { rate, seconds }, count => {
    const { queue, journal } = meters;
    if (++second % 5 === 0 || second === 1) {
      console.log(`${pad(second, 6)}  ${pad(count, 5)}  ${pad(queue.held, 14)}  ${(journal.bytes / 1e6).toFixed(1)}`);
    }
  });
  const left = meters.queue.held;
  const drainFrom = performance.now();
  await settled();
  const took = performance.now() - begun;
  const spent = process.cpuUsage(cpu);
  const ours = (spent.user + spent.system) / 1_000;
  const theirs = serverCpuMs() - serverCpu;
  const count = (await recorded()) - before;
  await meters.recorder.stop();
  await meters.journal.end();
  const client = await database.pool.connect();
  const check = await checkLedger(client, 0);
  client.release();
  if (count !== offered || !check.ok)
    throw new Error(`${offered} ended, ${count} recorded; the ledger is ${check.ok ? 'clean' : 'wrong'}`);
  console.log(`${offered} records in ${(took / 1_000).toFixed(1)} s: ${Math.round((count / took) * 1_000)} a second`);
  console.log(
    `when the last ended ${left} were held (${((left / rate) * 1_000).toFixed(0)} ms of them); in ${Math.round(performance.now() - drainFrom)} ms all were in`,
  );
  console.log(
    `CPU per record: ${(ours / count).toFixed(4)} ms Lazu (meter, journal, recorder), ${(theirs / count).toFixed(4)} ms PostgreSQL`,
  );

  async function settled(): Promise<void> {
    while (meters.queue.held > 0 || meters.journal.segments.spilled.length > 0)
      await new Promise(resolve => setTimeout(resolve, 20));
  }
} finally {
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

/** User and system time of the database's processes, those that have ended included. Linux; elsewhere 0. */
function serverCpuMs(): number {
  try {
    const postmaster = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    let ticks = 0;
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      const fields = statOf(pid);
      if (!fields) continue;
      const [parent, ...times] = [
        Number(fields[1]),
        Number(fields[11]),
        Number(fields[12]),
        Number(fields[13]),
        Number(fields[14]),
      ];
      if (Number(pid) === postmaster) ticks += times.reduce((sum, time) => sum + time, 0);
      else if (parent === postmaster) ticks += times[0] + times[1];
    }
    return ticks * 10; // 100 a second on every Linux
  } catch {
    return 0;
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, from the state on. */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
