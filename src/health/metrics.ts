import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';
import { register } from 'prom-client';
import { topic } from '../workers/topic.js';

type Metrics = MetricObjectWithValues<MetricValue<string>>[];

/** What one process has counted. */
export const METRICS = topic<undefined, Metrics>('health.metrics');

export const ownMetrics = (): Promise<Metrics> => register.getMetricsAsJSON();

/** In Prometheus' text format, summed over processes (gauges too, unless their `aggregator` says otherwise). */
export async function metricsText(ofOthers: readonly Metrics[]): Promise<string> {
  if (ofOthers.length === 0) return register.metrics();
  return AggregatorRegistry.aggregate([await ownMetrics(), ...ofOthers]).metrics();
}
