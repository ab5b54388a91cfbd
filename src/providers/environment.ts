import { ConfigError } from '../config.js';
import { providers } from './index.js';
import type { Provider } from './provider.js';

/** A channel made by the environment (contract §16). The catalog's type of the same name is what `dispatch` hands it over as. */
export interface EnvironmentChannelSpec {
  /** `env:<provider>` */
  readonly id: string;
  readonly provider: string;
  readonly baseUrl: string | undefined;
  readonly credential: string | Readonly<Record<string, string>> | undefined;
  /** Lower is tried first. */
  readonly priority: number;
  readonly serves: { readonly vendors: readonly string[] } | { readonly models: Readonly<Record<string, string>> };
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

function channelOf(
  { name, environment: from }: Provider,
  environment: Readonly<Record<string, string | undefined>>,
): EnvironmentChannelSpec | undefined {
  if (!from) return undefined;
  const values: Record<string, string> = {};
  for (const variable of from.variables) {
    const value = environment[variable]?.trim() || environment[from.insteadOf?.[variable] ?? '']?.trim();
    if (!value) return undefined;
    values[variable] = value;
  }
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
    serves: from.serves,
  };
}

function checked(url: string, variable: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol === 'http:' || protocol === 'https:') return url.replace(/\/+$/, '');
  throw new ConfigError(`${variable}: must be an http or https URL`);
}
