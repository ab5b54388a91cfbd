import { readGrokUsage } from '../xai/usage.js';
import { withCompletionTokens } from '../openai/index.js';
import { modelTraits, mustTranslate, protocolsFor, withoutSummary } from '../openai/models.js';
import { defineProvider, type Outgoing } from '../provider.js';

/** Which of Azure's three surfaces a channel talks to: `options.api`. */
const SURFACES = ['v1', 'deployments', 'models'] as const;
type Surface = (typeof SURFACES)[number];

/** The version that the surface for models of other vendors has had: https://learn.microsoft.com/azure/ai-foundry/model-inference/reference/ */
const MODELS_VERSION = '2024-05-01-preview';

const surfaceOf = ({ options }: Outgoing['channel']): Surface =>
  SURFACES.find(surface => surface === options.api) ?? 'v1';

/** The first version with Responses: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle */
const FIRST_RESPONSES = '2025-03-01';

const versionOf = ({ options }: Outgoing['channel']): string | undefined =>
  typeof options.api_version === 'string' ? options.api_version : undefined;

function hasResponses(channel: Outgoing['channel']): boolean {
  switch (surfaceOf(channel)) {
    case 'v1':
      return true;
    case 'deployments':
      return (versionOf(channel) ?? '') >= FIRST_RESPONSES;
    case 'models':
      return false;
  }
}

/**
 * Azure OpenAI and the other models of a Foundry resource. The base URL is the resource's endpoint, the upstream model the
 * deployment. https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
 */
export const azureOpenai = defineProvider({
  name: 'azure-openai',
  title: 'Azure OpenAI',
  billsByServiceTier: true,
  baseUrl: undefined,
  environment: {
    variables: ['AZURE_OPENAI_API_KEY', 'AZURE_OPENAI_ENDPOINT'],
    baseUrl: ({ AZURE_OPENAI_ENDPOINT: endpoint = '' }) => endpoint,
    // Deployments have names that only their owner knows: an admin adds them.
    serves: { models: {} },
    priority: 10,
  },
  protocols: ['openai-chat', 'openai-responses'],
  protocolsFor: (model, channel) => (hasResponses(channel) ? protocolsFor(model) : ['openai-chat']),
  path: ({ channel, model, protocol }) => {
    const version = versionOf(channel);
    const query = version === undefined ? '' : `?api-version=${encodeURIComponent(version)}`;
    // https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
    if (protocol === 'openai-responses')
      return surfaceOf(channel) === 'v1' ? `/openai/v1/responses${query}` : `/openai/responses${query}`;
    switch (surfaceOf(channel)) {
      case 'v1':
        return `/openai/v1/chat/completions${query}`;
      case 'deployments':
        return `/openai/deployments/${encodeURIComponent(model)}/chat/completions${query}`;
      case 'models':
        return `/models/chat/completions${query || `?api-version=${MODELS_VERSION}`}`;
    }
  },
  // https://learn.microsoft.com/azure/ai-foundry/openai/latest#create-chat-completion
  authorize: ({ channel }): Record<string, string> =>
    typeof channel.credential === 'string' ? { 'api-key': channel.credential } : {},
  checkChannel: channel => {
    const { api } = channel.options;
    if (channel.baseUrl === undefined) {
      return "base_url: an azure-openai channel needs the resource's endpoint, e.g. https://my-resource.openai.azure.com";
    }
    if (/\/(?:openai|models)(?:\/|$)/.test(channel.baseUrl)) {
      return "base_url: leave the path out, options.api ('v1', 'deployments' or 'models') says which one is used";
    }
    if (api !== undefined && !SURFACES.some(surface => surface === api)) {
      return `options.api: must be one of ${SURFACES.join(', ')}`;
    }
    if (api === 'deployments' && versionOf(channel) === undefined) {
      return "options.api_version: the 'deployments' surface needs one, e.g. 2024-10-21";
    }
    return undefined;
  },
  maxN: 8,
  adapt: withCompletionTokens,
  adaptNative: withoutSummary,
  mustTranslate,
  // A deployment that is named as its model is known to be it.
  modelTraits,
  readUsage: (raw, usage) => readGrokUsage(raw, usage),
});
