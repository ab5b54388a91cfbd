import type { ListedModel } from '../catalog/catalog-entry.js';
import { serves } from '../catalog/endpoints.js';
import type { GeminiPage } from './gemini-page.dto.js';

const CHAT = ['generateContent', 'streamGenerateContent', 'countTokens'] as const;

/** https://ai.google.dev/api/models#Model */
export function geminiModel({ id, endpointTypes, contextLength, maxOutputTokens, reasoning }: ListedModel) {
  return {
    name: `models/${id}`,
    baseModelId: id,
    version: '001',
    displayName: id,
    ...(contextLength !== undefined && { inputTokenLimit: contextLength }),
    ...(maxOutputTokens !== undefined && { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: serves(endpointTypes, 'gemini') ? CHAT : [],
    ...(reasoning && { thinking: true }),
  };
}

/** @param page `pageToken` is the last model of the page before; behind one that is gone there is nothing */
export function geminiList(models: readonly ListedModel[], { pageSize = 1000, pageToken }: GeminiPage) {
  const before = pageToken === undefined ? -1 : models.findIndex(({ id }) => id === pageToken);
  const rest = before === -1 && pageToken !== undefined ? [] : models.slice(before + 1);
  const page = rest.slice(0, pageSize);
  return { models: page.map(geminiModel), ...(page.length < rest.length && { nextPageToken: page.at(-1)!.id }) };
}
