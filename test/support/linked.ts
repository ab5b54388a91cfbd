import { Link, type Parcel } from '../../src/workers/link.js';

/** Two ends in one process, for tests: every message is cloned as between processes, and arrives in a turn of its own. */
export function linked(): {
  readonly one: Link;
  readonly other: Link;
  /** Messages so far. */
  readonly messages: { fromOne: number; fromOther: number };
} {
  type Listener = (parcels: readonly Parcel[]) => void;
  const messages = { fromOne: 0, fromOther: 0 };
  const listeners: { one: Listener; other: Listener } = { one: () => undefined, other: () => undefined };
  const carry = (to: 'one' | 'other', parcels: readonly Parcel[]): void => {
    messages[to === 'one' ? 'fromOther' : 'fromOne']++;
    const cloned = structuredClone(parcels);
    setImmediate(() => listeners[to](cloned));
  };
  const one = new Link({
    send: parcels => carry('other', parcels),
    receive: listener => (listeners.one = listener),
  });
  const other = new Link({
    send: parcels => carry('one', parcels),
    receive: listener => (listeners.other = listener),
  });
  return { one, other, messages };
}
