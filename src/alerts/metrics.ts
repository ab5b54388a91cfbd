import { Counter } from 'prom-client';

export const alertMetrics = {
  deliveries: new Counter({
    name: 'lazu_webhook_deliveries_total',
    help: 'Attempts to deliver an event to a webhook: delivered, retry (will be tried again), given_up',
    labelNames: ['outcome'],
  }),
};
