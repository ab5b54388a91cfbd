import { ConsoleLogger } from '@nestjs/common';
import type { Config } from './config.js';

const LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;

/** Nest says at each start what it wires and maps: sixty lines that no operator needs. */
const FRAMEWORK = new Set(['NestFactory', 'NestApplication', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

type JsonLine = ReturnType<ConsoleLogger['getJsonLogObject']>;

/** Nest's own logger, as text or as one JSON object a line, without the framework's chatter. */
export class LazuLogger extends ConsoleLogger {
  /** @param part which of the host's processes speaks, when there are several */
  constructor(
    config: Config,
    private readonly part?: string,
  ) {
    const level = config.logLevel === 'info' ? 'log' : config.logLevel;
    super({
      json: config.logFormat === 'json',
      logLevels: LEVELS.slice(0, LEVELS.indexOf(level) + 1),
      prefix: part === undefined ? 'Lazu' : `Lazu ${part}`,
    });
  }

  /** `part` on every line of JSON too. */
  protected override getJsonLogObject(...[message, options]: Parameters<ConsoleLogger['getJsonLogObject']>): JsonLine {
    const line = super.getJsonLogObject(message, options);
    return this.part === undefined ? line : { ...line, part: this.part };
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK.has(String(rest.at(-1)))) super.log(message, ...rest);
  }
}
