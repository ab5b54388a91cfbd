import { ConsoleLogger } from '@nestjs/common';
import type { Config } from './config.js';

const LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;

/** Nest says at each start what it wires and maps: sixty lines that no operator needs. */
const FRAMEWORK = new Set(['NestFactory', 'NestApplication', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Nest's own logger, as text or as one JSON object a line, without the framework's chatter. */
export class LazuLogger extends ConsoleLogger {
  constructor(config: Config) {
    const level = config.logLevel === 'info' ? 'log' : config.logLevel;
    super({ json: config.logFormat === 'json', logLevels: LEVELS.slice(0, LEVELS.indexOf(level) + 1), prefix: 'Lazu' });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK.has(String(rest.at(-1)))) super.log(message, ...rest);
  }
}
