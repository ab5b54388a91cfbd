import type { TestLazu } from '../../support/boot.js';
import type { Exchange } from './exchange.js';

/** How the operator of Lazu would set this upstream up. */
interface Setup {
  readonly provider: string;
  /** Path on the replaying server, as on the vendor's. */
  readonly basePath: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Recorded services that have no provider of their own here. */
const COMPATIBLE = new Set(['alibaba', 'bedrock-mantle', 'lmstudio']);

/** Every price there is: nothing may be refused for want of one. */
export const PRICES = {
  ...Object.fromEntries([
    ...['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output'].map(name => [`${name}_per_mtok`, 1]),
    ...['audio_input', 'audio_output', 'image_input', 'image_output'].map(name => [`${name}_per_mtok`, 2]),
    ...['request', 'tool_web_search', 'tool_code_execution', 'tool_other'].map(name => [`per_${name}`, '0.001']),
  ]),
  service_tiers: { flex: { input_per_mtok: 1 }, priority: { input_per_mtok: 1 } },
};

function setupOf({ provider, url }: Exchange): Setup {
  const parsed = url === undefined ? undefined : new URL(url.replace(/<[^>]*>/g, 'x'));
  const basePath = parsed?.pathname.replace(/\/chat\/completions$/, '') ?? '';
  if (provider === 'azure-openai' && parsed?.pathname !== '/chat/completions') {
    const version = parsed?.searchParams.get('api-version');
    const api = basePath === '' ? 'v1' : basePath === '/models' ? 'models' : 'deployments';
    return { provider, basePath: '', options: { api, ...(version && { api_version: version }) } };
  }
  return COMPATIBLE.has(provider) || provider === 'azure-openai'
    ? { provider: 'openai-compatible', basePath, options: {} }
    : { provider, basePath, options: {} };
}

/** Channels and priced models for all exchanges, by the admin API. */
export class Channels {
  readonly #names = new Map<string, string>();

  /** What a caller names to get this exchange's model at this exchange's provider. */
  modelFor(exchange: Exchange): string {
    return this.#names.get(keyOf(exchange))!;
  }

  /** @param options of every channel, beside what the recording asks for */
  static async create(
    lazu: TestLazu,
    upstreamUrl: string,
    exchanges: readonly Exchange[],
    options: Readonly<Record<string, string>> = {},
  ): Promise<Channels> {
    const channels = new Channels();
    const wanted = new Map<string, { setup: Setup; models: Map<string, string> }>();
    for (const exchange of exchanges) {
      const setup = setupOf(exchange);
      const one = wanted.get(JSON.stringify(setup)) ?? { setup, models: new Map<string, string>() };
      wanted.set(JSON.stringify(setup), one);
      // The same model at two providers must not be one model: the test wants this very channel.
      const surface = setup.options['api'] ?? setup.basePath.replaceAll('/', '-');
      const name = `${exchange.provider}${surface}/${exchange.request['model']}`;
      one.models.set(name, String(exchange.request['model']));
      channels.#names.set(keyOf(exchange), name);
    }
    for (const { setup, models } of wanted.values()) {
      for (const model of models.keys()) {
        const path = `/api/admin/models/${encodeURIComponent(model)}`;
        await lazu.admin('PUT', path, { vendor_id: 'recorded', supported_endpoint_types: ['chat'] });
        await lazu.admin('PUT', `${path}/prices/direct`, PRICES);
      }
      await lazu.admin('POST', '/api/admin/channels', {
        name: `${setup.provider} ${setup.basePath} ${setup.options['api'] ?? ''}`.trim(),
        provider: setup.provider,
        lane: 'direct',
        base_url: upstreamUrl + setup.basePath,
        credential: 'the-operators-key',
        options: { ...setup.options, ...options },
        models: [...models].map(([model, upstream_model]) => ({ model, upstream_model })),
      });
    }
    return channels;
  }
}

const keyOf = (exchange: Exchange): string => JSON.stringify([setupOf(exchange), exchange.request['model']]);
