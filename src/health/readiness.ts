import { Inject, Injectable, Optional } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Instances } from '../database/instances.js';
import { Draining } from '../http/draining.js';
import { RedisLimitStore } from '../limits/redis/redis-limit-store.js';

export interface ReadinessReport {
  readonly status: 'ready' | 'draining';
  /** `down` does not take the host out: known keys are served and records wait in the journal. */
  readonly database: 'up' | 'down';
  /** `down`: what limits or money bind is refused here, and everywhere else too. Null: `REDIS_URL` is not set. */
  readonly redis: 'up' | 'down' | null;
  /** Other live hosts on this database; without Redis each of them has limits of its own. */
  readonly other_instances: number;
}

/** A database that does not answer in this time is down, for this report. */
const PATIENCE_MS = 1_000;

@Injectable()
export class Readiness {
  constructor(
    private readonly database: Database,
    private readonly instances: Instances,
    private readonly draining: Draining,
    @Optional() @Inject(RedisLimitStore) private readonly redis: RedisLimitStore | undefined,
  ) {}

  async report(): Promise<ReadinessReport> {
    return {
      status: this.draining.started ? 'draining' : 'ready',
      database: (await this.#databaseAnswers()) ? 'up' : 'down',
      redis: this.redis ? (this.redis.isUp ? 'up' : 'down') : null,
      other_instances: this.instances.otherInstances,
    };
  }

  async #databaseAnswers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>(resolve => (timer = setTimeout(() => resolve(false), PATIENCE_MS)));
    const answered = this.database.pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
    return Promise.race([answered, late]).finally(() => clearTimeout(timer));
  }
}
