import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { closeLostConnections } from './handed-over.js';
import { Link, type Parcel } from './link.js';

/** A worker process as its primary sees it. */
export interface Forked {
  readonly pid: number;
  readonly link: Link;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** SIGKILL. Resolves when it is over. */
  kill(): Promise<unknown>;
}

/** Another process of the same program; it ends with this one. */
export function fork(): Forked {
  cluster.setupPrimary({ serialization: 'advanced' }); // bigint and Map travel as they are
  const worker = cluster.fork();
  closeLostConnections(worker.process);
  worker.on('error', () => undefined); // a message that no longer reached it; its end says so too
  const link = new Link({
    send: parcels => void worker.send(parcels, () => undefined),
    receive: listener => worker.on('message', (parcels: readonly Parcel[]) => listener(parcels)),
  });
  const ended = endOf(worker);
  void ended.then(() => link.close());
  return {
    pid: worker.process.pid!,
    link,
    ended,
    kill: () => {
      worker.process.kill('SIGKILL');
      return ended;
    },
  };
}

async function endOf(worker: Worker): Promise<number | string> {
  const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}

/** From inside a worker. When its primary is gone, Node ends it at once. */
export function linkToPrimary(): Link {
  return new Link({
    send: parcels => {
      if (process.connected) process.send?.(parcels, undefined, undefined, () => undefined);
    },
    receive: listener => process.on('message', (parcels: readonly Parcel[]) => listener(parcels)),
  });
}
