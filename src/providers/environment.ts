import { ConfigError } from '../config.js';
import { providers } from './index.js';
import type { EnvironmentChannel, Provider, Served } from './provider.js';

/** A channel made by the environment (contract §16). The catalog's type of the same name is what `dispatch` hands it over as. */
export interface EnvironmentChannelSpec {
  /** `env:<provider>` */
  readonly id: string;
  readonly provider: string;
  readonly baseUrl: string | undefined;
  readonly credential: string | Readonly<Record<string, string>> | undefined;
  /** Lower is tried first. */
  readonly priority: number;
  readonly serves: Served;
}

/**
 * One channel for each provider whose variables are all set; an empty string counts as unset.
 * @throws ConfigError naming the variable whose base URL is none, never its value
 */
export function environmentChannels(
  environment: Readonly<Record<string, string | undefined>>,
): EnvironmentChannelSpec[] {
  return providers.flatMap(provider => channelOf(provider, environment) ?? []);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The ways in which the environment can make a channel of this provider, in order of preference. */
export function waysOf({ environment: ways = [] }: Provider): readonly EnvironmentChannel[] {
  return 'variables' in ways ? [ways] : ways;
}

function channelOf(provider: Provider, environment: Environment): EnvironmentChannelSpec | undefined {
  for (const way of waysOf(provider)) {
    const values = valuesOf(way, environment);
    if (values) return channelBy(provider.name, way, values, environment);
  }
  return undefined;
}

/** @returns undefined unless all that it needs is set */
function valuesOf(
  { variables, optional = [], insteadOf = {} }: EnvironmentChannel,
  environment: Environment,
): Record<string, string> | undefined {
  const values: Record<string, string> = {};
  for (const variable of [...variables, ...optional]) {
    const value = environment[variable]?.trim() || environment[insteadOf[variable] ?? '']?.trim();
    if (value) values[variable] = value;
    else if (variables.includes(variable)) return undefined;
  }
  return values;
}

function channelBy(
  name: string,
  from: EnvironmentChannel,
  values: Readonly<Record<string, string>>,
  environment: Environment,
): EnvironmentChannelSpec {
  const [first = ''] = from.variables;
  const override = from.baseUrlVariable === undefined ? undefined : environment[from.baseUrlVariable]?.trim();
  const baseUrl = override
    ? checked(override, from.baseUrlVariable ?? first)
    : from.baseUrl && checked(from.baseUrl(values), from.variables.at(-1) ?? first);
  return {
    id: `env:${name}`,
    provider: name,
    baseUrl,
    credential: from.credential ? from.credential(values) : values[first],
    priority: from.priority,
    serves: typeof from.serves === 'function' ? from.serves(values) : from.serves,
  };
}

function checked(url: string, variable: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol === 'http:' || protocol === 'https:') return url.replace(/\/+$/, '');
  throw new ConfigError(`${variable}: must be an http or https URL`);
}
