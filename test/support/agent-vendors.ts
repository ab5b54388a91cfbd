import { message, messageFrames } from './fake-anthropic.js';
import { answerAws, converseAnswer, converseFrames } from './fake-bedrock.js';
import { content, contentFrames } from './fake-gemini.js';
import { calls, response, responseFrames, says, thinks } from './fake-responses.js';
import { answerJson, answerStream, chatAnswer, chatChunk, type Script, usage } from './fake-upstream.js';

/** What a model says in one answer. `secret` is what its vendor must get back with the thought or the call. */
export interface Saying {
  readonly thought?: string;
  readonly secret?: string;
  readonly text?: string;
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: object }[];
}

/** A vendor for coding agents: who speaks which protocol, and how it says things. All figures are 10 tokens in, 5 out. */
export interface AgentVendor {
  readonly protocol: string;
  readonly model: string;
  say(saying: Saying, streamed: boolean): Script;
}

const anthropic: AgentVendor = {
  protocol: 'anthropic-messages',
  model: 'claude-haiku-4-5',
  say({ thought, secret, text, calls: called = [] }, streamed) {
    const said = message(
      [
        ...(thought === undefined ? [] : [{ type: 'thinking', thinking: thought, signature: secret }]),
        ...(text === undefined ? [] : [{ type: 'text', text }]),
        ...called.map(call => ({ type: 'tool_use', ...call })),
      ],
      // Claude Code sends thoughts back to the model that they came from only.
      { model: 'claude-haiku-4-5-20251001', stop_reason: called.length > 0 ? 'tool_use' : 'end_turn' },
    );
    return streamed ? answerStream(messageFrames(said)) : answerJson(said);
  },
};

/** DeepSeek wants its thoughts back as text, which is the secret here. */
const chat: AgentVendor = {
  protocol: 'openai-chat',
  model: 'deepseek-v4-pro',
  say({ secret, text, calls: called = [] }, streamed) {
    const finish = called.length > 0 ? 'tool_calls' : 'stop';
    const tool_calls = called.map(({ id, name, input }, index) => {
      return { index, id, type: 'function', function: { name, arguments: JSON.stringify(input) } };
    });
    if (!streamed) {
      const said = { role: 'assistant', content: text ?? null, reasoning_content: secret };
      const whole = { ...said, ...(tool_calls.length > 0 && { tool_calls }) };
      return answerJson(chatAnswer('', { choices: [{ index: 0, message: whole, finish_reason: finish }] }));
    }
    const chunks = [
      ...(secret === undefined ? [] : [chatChunk({ role: 'assistant', reasoning_content: secret })]),
      ...(text === undefined ? [] : [chatChunk({ content: text })]),
      ...tool_calls.map(call => chatChunk({ tool_calls: [call] })),
      chatChunk({}, {}, finish),
      { ...chatChunk({}), choices: [], usage: usage(10, 5) },
    ];
    return answerStream([...chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n']);
  },
};

/** The first call, or the last text, carries the signature. */
const gemini: AgentVendor = {
  protocol: 'gemini',
  model: 'gemini-3-flash-preview',
  say({ thought, secret, text, calls: called = [] }, streamed) {
    const signed = secret === undefined ? {} : { thoughtSignature: Buffer.from(secret).toString('base64') };
    const said = content([
      ...(thought === undefined ? [] : [{ text: thought, thought: true }]),
      ...(text === undefined ? [] : [{ text, ...(called.length === 0 && signed) }]),
      ...called.map(({ id, name, input }, at) => ({
        functionCall: { id, name, args: input },
        ...(at === 0 && signed),
      })),
    ]);
    return streamed ? answerStream(contentFrames(said)) : answerJson(said);
  },
};

const responses: AgentVendor = {
  protocol: 'openai-responses',
  model: 'o3-pro',
  say({ thought, secret, text, calls: called = [] }, streamed) {
    const said = response([
      ...(thought === undefined ? [] : [{ ...thinks(`rs_${secret}`, thought), encrypted_content: secret }]),
      ...(text === undefined ? [] : [says(text)]),
      ...called.map(({ id, name, input }) => calls(id, name, input)),
    ]);
    return streamed ? answerStream(responseFrames(said)) : answerJson(said);
  },
};

const bedrock: AgentVendor = {
  protocol: 'bedrock-converse',
  model: 'claude-by-converse',
  say({ thought, secret, text, calls: called = [] }, streamed) {
    const said = converseAnswer(
      [
        ...(thought === undefined
          ? []
          : [{ reasoningContent: { reasoningText: { text: thought, signature: secret } } }]),
        ...(text === undefined ? [] : [{ text }]),
        ...called.map(({ id: toolUseId, name, input }) => ({ toolUse: { toolUseId, name, input } })),
      ],
      { stopReason: called.length > 0 ? 'tool_use' : 'end_turn' },
    );
    return streamed ? answerAws(converseFrames(said)) : answerJson(said);
  },
};

/** One for every protocol that Lazu speaks to vendors. */
export const AGENT_VENDORS: readonly AgentVendor[] = [anthropic, chat, gemini, responses, bedrock];

/** Channels to all of them, at one upstream. */
export const agentEnvironment = (url: string): Record<string, string> => ({
  ...{ ANTHROPIC_API_KEY: 'sk-ant-upstream', ANTHROPIC_BASE_URL: url },
  ...{ DEEPSEEK_API_KEY: 'sk-upstream', DEEPSEEK_BASE_URL: url },
  ...{ GEMINI_API_KEY: 'AIza-upstream', GOOGLE_GEMINI_BASE_URL: url },
  ...{ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${url}/v1` },
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
