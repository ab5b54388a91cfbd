import { defineProvider, type Outgoing } from '../provider.js';
import { geminiTraits } from './models.js';

/** https://ai.google.dev/gemini-api/docs/api-key#provide-api-key-explicitly */
const authorize = ({ channel }: Outgoing): Record<string, string> =>
  typeof channel.credential === 'string' ? { 'x-goog-api-key': channel.credential } : {};

const METHODS = { 'count-tokens': 'countTokens', chat: 'generateContent' };

/** `{model}:streamGenerateContent?alt=sse`: https://ai.google.dev/api/generate-content */
export const methodOf = ({ model, endpoint, stream }: Outgoing): string => {
  const name = model.split('/').map(encodeURIComponent).join('/');
  return endpoint === 'chat' && stream ? `${name}:streamGenerateContent?alt=sse` : `${name}:${METHODS[endpoint]}`;
};

/** The Gemini API, as AI Studio gives keys for it. https://ai.google.dev/api */
export const gemini = defineProvider({
  name: 'gemini',
  title: 'Google Gemini',
  billsByServiceTier: true,
  protocols: ['gemini'],
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  environment: {
    variables: ['GEMINI_API_KEY'],
    // The official SDK takes either: https://ai.google.dev/gemini-api/docs/api-key#set-api-env-var
    insteadOf: { GEMINI_API_KEY: 'GOOGLE_API_KEY' },
    // As in the official SDK, whose base URL has no version.
    baseUrlVariable: 'GOOGLE_GEMINI_BASE_URL',
    serves: { vendors: ['google'] },
    priority: 0,
  },
  path: outgoing => {
    const version = /\/v1(?:alpha|beta)?\/*$/.test(outgoing.channel.baseUrl ?? '/v1beta') ? '' : '/v1beta';
    const method = methodOf(outgoing);
    return `${version}/${/^(?:models|tunedModels)\//.test(method) ? '' : 'models/'}${method}`;
  },
  authorize,
  countsTokens: ['gemini'],
  modelTraits: model => geminiTraits(model, 2.5),
  streamUsage: 'always',
});
