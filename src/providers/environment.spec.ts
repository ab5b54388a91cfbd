import { ConfigError } from '../config.js';
import { environmentChannels } from './environment.js';

const only = (environment: Record<string, string>) => {
  const channels = environmentChannels(environment);
  expect(channels).toHaveLength(1);
  return channels[0];
};

describe('environmentChannels', () => {
  it('makes nothing of nothing, and an empty variable is none', () => {
    expect(environmentChannels({})).toEqual([]);
    expect(
      environmentChannels({ OPENAI_API_KEY: '', CLOUDFLARE_API_TOKEN: 'x', AZURE_OPENAI_ENDPOINT: 'https://a' }),
    ).toEqual([]);
  });

  it('makes a first party for its vendors, with the credential and no base URL of its own', () => {
    expect(only({ OPENAI_API_KEY: ' sk-1 ' })).toEqual({
      id: 'env:openai',
      provider: 'openai',
      baseUrl: undefined,
      credential: 'sk-1',
      priority: 0,
      serves: { vendors: ['openai'] },
    });
  });

  it('makes a host for the models it maps, behind the first parties', () => {
    const groq = only({ GROQ_API_KEY: 'k' });
    expect(groq).toMatchObject({ id: 'env:groq', priority: 10 });
    expect(groq?.serves).toHaveProperty('models.gpt-oss-120b', 'openai/gpt-oss-120b');
  });

  it.each([
    [{ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1/' }, 'http://127.0.0.1:9/v1'],
    [
      { CLOUDFLARE_API_TOKEN: 'k', CLOUDFLARE_ACCOUNT_ID: 'acc' },
      'https://api.cloudflare.com/client/v4/accounts/acc/ai/v1',
    ],
    [{ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://r.openai.azure.com/' }, 'https://r.openai.azure.com'],
    [{ OLLAMA_BASE_URL: 'http://localhost:11434' }, 'http://localhost:11434/v1'],
    [{ OLLAMA_BASE_URL: 'http://localhost:11434/v1/' }, 'http://localhost:11434/v1'],
  ])('%j is called at %s', (environment, baseUrl) => {
    expect(only(environment)?.baseUrl).toBe(baseUrl);
  });

  it('gives Ollama no credential, others their first variable', () => {
    expect(only({ OLLAMA_BASE_URL: 'http://localhost:11434' })?.credential).toBeUndefined();
    expect(only({ CLOUDFLARE_API_TOKEN: 'token', CLOUDFLARE_ACCOUNT_ID: 'a' })?.credential).toBe('token');
  });

  it.each([
    [{ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'secret.example' }, 'OPENAI_BASE_URL'],
    [{ XAI_API_KEY: 'k', XAI_BASE_URL: 'ftp://secret.example' }, 'XAI_BASE_URL'],
    [{ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'secret' }, 'AZURE_OPENAI_ENDPOINT'],
    [{ OLLAMA_BASE_URL: 'secret' }, 'OLLAMA_BASE_URL'],
  ])('stops at %j, naming the variable and not its value', (environment, variable) => {
    let thrown: unknown;
    try {
      environmentChannels(environment);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as Error).message).toMatch(new RegExp(`^${variable}: `));
    expect((thrown as Error).message).not.toContain('secret');
  });

  it('keeps the sandbox apart: SANDBOX decides about it', () => {
    expect(environmentChannels({ SANDBOX: 'on' })).toEqual([]);
  });
});
