import type { ListedModel } from '../catalog/catalog-entry.js';

/** https://platform.openai.com/docs/api-reference/models */
export function openaiModel({ id, created, ownedBy }: ListedModel) {
  return { id, object: 'model', created, owned_by: ownedBy };
}

export function openaiList(models: readonly ListedModel[]) {
  return { object: 'list', data: models.map(openaiModel) };
}
