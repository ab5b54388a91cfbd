import type { JsonObject } from '../../protocols/protocol.js';
import { anthropic } from '../anthropic/index.js';
import { methodOf } from '../gemini/index.js';
import { geminiTraits } from '../gemini/models.js';
import { defineProvider, type Outgoing } from '../provider.js';
import { accessToken } from './access-tokens.js';
import { checkCredential, vertexCredential } from './credential.js';
import { anthropicName, isClaude, MODELS } from './models.js';

/** https://docs.cloud.google.com/vertex-ai/docs/reference/rest#service-endpoint */
function hostOf(location: string): string {
  if (location === 'global') return 'https://aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/** https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai */
function claudeMethod({ model, endpoint, stream }: Outgoing): string {
  if (endpoint === 'count-tokens') return 'count-tokens:rawPredict';
  return `${encodeURIComponent(model)}:${stream ? 'streamRawPredict' : 'rawPredict'}`;
}

function adaptNative(body: JsonObject, { protocol, endpoint }: Outgoing): JsonObject {
  if (protocol === 'anthropic-messages') {
    const { model, ...rest } = body;
    return { ...rest, anthropic_version: 'vertex-2023-10-16', ...(endpoint === 'count-tokens' && { model }) };
  }
  // The Gemini API alone wraps what is counted: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens
  const { generateContentRequest: wrapped } = body;
  if (endpoint !== 'count-tokens' || typeof wrapped !== 'object' || wrapped === null) return body;
  const { model: _, ...inner } = wrapped as JsonObject;
  return inner;
}

/** Tiers of service are asked for in a header here, and bought: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/priority-paygo */
function modelTraits(model: string): ReturnType<typeof geminiTraits> {
  const { lacks = [], ...traits } = isClaude(model)
    ? anthropic.modelTraits(anthropicName(model))
    : geminiTraits(model, 3);
  return { ...traits, lacks: [...lacks, 'serviceTier'] };
}

/** Vertex AI on Google Cloud: models of Google in Google's protocol, models of Anthropic in theirs. */
export const vertex = defineProvider({
  name: 'vertex',
  title: 'Google Vertex AI',
  protocols: ['gemini', 'anthropic-messages'],
  protocolsFor: model => (isClaude(model) ? ['anthropic-messages'] : ['gemini']),
  baseUrl: undefined,
  baseUrlFor: channel => hostOf(vertexCredential(channel).location),
  environment: {
    variables: ['GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_LOCATION', 'GOOGLE_APPLICATION_CREDENTIALS'],
    baseUrlVariable: 'GOOGLE_VERTEX_BASE_URL',
    credential: ({
      GOOGLE_CLOUD_PROJECT: project = '',
      GOOGLE_CLOUD_LOCATION: location = '',
      GOOGLE_APPLICATION_CREDENTIALS: credentials_file = '',
    }) => ({ project, location, credentials_file }),
    serves: { models: MODELS },
    priority: 10,
  },
  path: outgoing => {
    const { project, location } = vertexCredential(outgoing.channel);
    const claude = outgoing.protocol === 'anthropic-messages';
    const models = `projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}/publishers/${claude ? 'anthropic' : 'google'}/models`;
    // The version that Google's own SDK calls, and the one that Anthropic's does.
    return claude ? `/v1/${models}/${claudeMethod(outgoing)}` : `/v1beta1/${models}/${methodOf(outgoing)}`;
  },
  authorize: () => ({}),
  sign: async (request, { channel }) => {
    const token = await accessToken(vertexCredential(channel));
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
  },
  checkChannel: checkCredential,
  adaptNative,
  countsTokens: ['gemini', 'anthropic-messages'],
  modelTraits,
  streamUsage: 'always',
});
