import { readFileSync } from 'node:fs';
import { ConfigError, loadConfig, VARIABLES } from './config.js';
import { waysOf } from './providers/environment.js';
import { providers } from './providers/index.js';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

const ways = providers.flatMap(waysOf);
const providerVariables = [
  ...new Set(
    ways.flatMap(({ variables, optional = [], insteadOf = {}, baseUrlVariable }) => [
      ...[...variables, ...optional, ...Object.values(insteadOf)],
      ...(baseUrlVariable === undefined ? [] : [baseUrlVariable]),
    ]),
  ),
];
const example = Object.fromEntries(
  [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
);
const readme = read('README.md');
const section = readme.slice(readme.indexOf('## Configuration'), readme.indexOf('## Docker'));
const [settings = '', upstreams = ''] = section.split('Each upstream key');

describe('configuration', () => {
  it('.env.example has every variable and no other', () => {
    expect(Object.keys(example).sort()).toEqual([...VARIABLES, ...providerVariables].sort());
  });

  it('.env.example says what holds without it', () => {
    const { environment: _, ...defaults } = loadConfig({});
    const { environment: __, ...fromExample } = loadConfig(example);
    expect(fromExample).toEqual(defaults);
  });

  it('the README has every variable and no other, with the defaults of .env.example', () => {
    const rows = [...settings.matchAll(/^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\|/gm)].map(([, name, value]) => [
      name!,
      value ?? '',
    ]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(VARIABLES.map(name => [name, example[name]])));
    const table = upstreams.slice(upstreams.indexOf('|---'));
    const named = [...table.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!);
    expect(named.sort()).toEqual([...providerVariables].sort());
  });

  it('counts an empty value as unset, and reads lists and sizes', () => {
    const config = loadConfig({ PORT: '', MAX_BODY_MB: '2', CORS_ORIGINS: 'https://a.example, https://b.example,' });
    expect(config).toMatchObject({
      port: 8080,
      maxBodyBytes: 2 * 1024 * 1024,
      corsOrigins: ['https://a.example', 'https://b.example'],
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads which hosts and networks may be fetched from', () => {
    const list = 'bucket.internal, minio,10.0.0.0/8, fd00::/8 ,192.168.1.1,';
    expect(loadConfig({ FETCH_ALLOW: list }).fetchAllow).toEqual([
      'bucket.internal',
      'minio',
      '10.0.0.0/8',
      'fd00::/8',
      '192.168.1.1',
    ]);
    expect(loadConfig({}).fetchAllow).toEqual([]);
  });

  it.each([
    ['PORT', 'eighty'],
    ['DATABASE_URL', 'mysql://secret'],
    ['LAZU_ADMIN_KEY', 'sk-lazu-admin-secret'],
    ['ENCRYPTION_KEY', 'secret'],
    ['BILLING', 'secret'],
    ['WORKERS', '4000'],
    ['REDIS_URL', 'http://localhost:6379'],
    ['REDIS_URL', 'redis://:a/b@c'],
    ['FETCH_ALLOW', '10.0.0.0/33,secret'],
    ['FETCH_ALLOW', 'https://secret'],
    ['FETCH_ALLOW', '*.secret'],
    ['STRIPE_SECRET_KEY', 'pk_live_secret'],
    ['STRIPE_WEBHOOK_SECRET', 'whsec_1,secret'],
    ['STRIPE_SUCCESS_URL', 'secret.example/paid'],
    ['STRIPE_BASE_URL', 'https://secret.example/v1'],
  ])('a wrong %s is one line that names it and not its value', (name, value) => {
    const load = () => loadConfig({ [name]: value });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(new RegExp(`^${name}: [^\\n]+$`));
    expect(load).not.toThrow(/secret/);
  });

  describe('Stripe', () => {
    const whole = {
      STRIPE_SECRET_KEY: 'rk_live_abcdef',
      STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old',
      STRIPE_SUCCESS_URL: 'https://shop.example/paid?session={CHECKOUT_SESSION_ID}',
    };

    it('is there when all of it is', () => {
      expect(loadConfig(whole).stripe).toEqual({
        secretKey: 'rk_live_abcdef',
        webhookSecrets: ['whsec_new', 'whsec_old'],
        successUrl: 'https://shop.example/paid?session={CHECKOUT_SESSION_ID}',
        cancelUrl: undefined,
        baseUrl: 'https://api.stripe.com',
      });
      expect(loadConfig({ STRIPE_CANCEL_URL: 'https://shop.example' }).stripe).toBeUndefined();
    });

    it.each(Object.keys(whole))('without %s alone there is no start: who starts payments must hear of them', name => {
      expect(() => loadConfig({ ...whole, [name]: '' })).toThrow(
        new RegExp(`^${name}: must be set too where [^\\n]+$`),
      );
    });
  });
});
