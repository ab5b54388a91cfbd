import { Counter, Gauge } from 'prom-client';

/** What operators watch of limits that hosts share. */
export const limitMetrics = {
  redisUp: new Gauge({ name: 'lazu_redis_up', help: 'Whether Redis answers (1); 0 without REDIS_URL too' }),
  corrections: new Counter({
    name: 'lazu_limits_corrections_total',
    help: 'Balances in Redis that differed from the ledger when they were read anew, and were put right',
  }),
};
