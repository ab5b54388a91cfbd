import { topic } from './topic.js';

/** What a worker must know to begin; its database's address may hold a password, so it is in no command line. */
export interface Welcome {
  readonly worker: number;
  readonly instanceId: string;
  readonly databaseUrl: string;
}

/** Where a worker listens, and a chat model that can be called there, for the printed example. */
export interface Listening {
  readonly url: string;
  readonly exampleModel: string | undefined;
}

/** From a worker's first word to its last. */
export const HELLO = topic<undefined, Welcome>('worker.hello');
/** Wired and loaded; answered when it may open the port. */
export const MAY_LISTEN = topic<undefined>('worker.may-listen');
export const LISTENS = topic<Listening>('worker.listens');
/** Finish what runs, take nothing new, end. */
export const STOP = topic<undefined>('worker.stop');
/** An operator does not want to wait for what runs. */
export const HURRY = topic<undefined>('worker.hurry');
