import { answerJson, type Script } from './fake-upstream.js';
import { chat, cohere, converse, gemini, messages, responses, type Saying, type Wire } from './wires.js';

export type { Saying } from './wires.js';

/** A vendor for coding agents: who speaks which protocol, and how it says things. */
export interface AgentVendor {
  readonly protocol: string;
  readonly model: string;
  say(saying: Saying, streamed: boolean): Script;
}

const vendor = (model: string, { protocol, whole, frames, stream }: Wire): AgentVendor => ({
  ...{ protocol, model },
  say: (saying, streamed) => (streamed ? stream(frames(saying)) : answerJson(whole(saying))),
});

const bedrock = vendor('claude-by-converse', converse);

/** One for every protocol that Lazu speaks to vendors. DeepSeek wants its thoughts back as text. */
export const AGENT_VENDORS: readonly AgentVendor[] = [
  vendor('claude-haiku-4-5', messages),
  vendor('deepseek-v4-pro', chat),
  vendor('gemini-3-flash-preview', gemini),
  vendor('o3-pro', responses),
  bedrock,
  vendor('command-a-plus', cohere),
];

/** Channels to all of them, at one upstream. */
export const agentEnvironment = (url: string): Record<string, string> => ({
  ...{ ANTHROPIC_API_KEY: 'sk-ant-upstream', ANTHROPIC_BASE_URL: url },
  ...{ DEEPSEEK_API_KEY: 'sk-upstream', DEEPSEEK_BASE_URL: url },
  ...{ GEMINI_API_KEY: 'AIza-upstream', GOOGLE_GEMINI_BASE_URL: url },
  ...{ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${url}/v1` },
  ...{ CO_API_KEY: 'co-upstream', CO_API_URL: url },
});

/** The environment maps no models of Bedrock. */
export async function serveBedrock(
  admin: (method: string, path: string, body?: object) => Promise<unknown>,
  url: string,
): Promise<void> {
  const { model } = bedrock;
  await admin('PUT', `/api/admin/models/${model}`, { vendor_id: 'amazon', supported_endpoint_types: ['chat'] });
  const prices = { input_per_mtok: 1, output_per_mtok: 2, cache_read_per_mtok: '0.1' };
  await admin('PUT', `/api/admin/models/${model}/prices/direct`, prices);
  await admin('POST', '/api/admin/channels', {
    ...{ name: 'converse', provider: 'bedrock', lane: 'direct', base_url: url },
    credential: { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'secret', region: 'us-west-2' },
    options: { protocol: 'bedrock-converse' },
    models: [{ model, upstream_model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' }],
  });
}
