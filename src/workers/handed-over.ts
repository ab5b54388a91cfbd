import type { ChildProcess } from 'node:child_process';

interface Handle {
  close(): void;
}

/** How Node's round robin hands a connection to a worker, and how the worker says that it has it (lib/internal/cluster/utils.js). */
interface HandOver {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: number;
  readonly ack?: number;
}

/**
 * Closes the connections that were on their way to a worker when it died. Node's round robin forgets them and leaves them open, so
 * their callers would wait for ever. Should a later Node speak otherwise, nothing is found here, and nothing is broken.
 */
export function closeLostConnections(worker: ChildProcess): void {
  const onTheWay = new Map<number, Handle>();
  const send = worker.send.bind(worker) as (...given: unknown[]) => boolean;
  worker.send = (...given: unknown[]) => {
    const [message, handle] = given as [HandOver | null, Handle | undefined];
    if (handle && message?.cmd === 'NODE_CLUSTER' && message.act === 'newconn')
      onTheWay.set(Number(message.seq), handle);
    return send(...given);
  };
  worker.on('internalMessage', ({ cmd, ack }: HandOver) => {
    if (cmd === 'NODE_CLUSTER' && ack !== undefined) onTheWay.delete(ack);
  });
  worker.once('exit', () => {
    for (const handle of onTheWay.values()) handle.close();
  });
}
