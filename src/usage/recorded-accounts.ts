import { Injectable } from '@nestjs/common';

/** @param accountIds what they have spent may have grown; it may have been told before */
type Watcher = (accountIds: Iterable<string>) => void;

/** Tells of accounts whose usage has reached PostgreSQL, behind all answers. A process that dies in between tells nobody. */
@Injectable()
export class RecordedAccounts {
  readonly #watchers: Watcher[] = [];

  /** @param watcher must not throw, and not wait */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  tell(accountIds: Iterable<string>): void {
    for (const watcher of this.#watchers) watcher(accountIds);
  }
}
