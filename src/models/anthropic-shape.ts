import type { ListedModel } from '../catalog/catalog-entry.js';
import type { AnthropicPage } from './anthropic-page.dto.js';

type NamedModel = Pick<ListedModel, 'id' | 'created'>;

export function anthropicModel({ id, created }: NamedModel) {
  return { type: 'model', id, display_name: id, created_at: new Date(created * 1000).toISOString() };
}

/** The models behind `after_id`, or the last ones before `before_id`. An id that is not there gives an empty page. */
export function anthropicList(models: readonly NamedModel[], { limit = 1000, after_id, before_id }: AnthropicPage) {
  const start = after_id === undefined ? 0 : indexOf(models, after_id, models.length - 1) + 1;
  const end = before_id === undefined ? models.length : indexOf(models, before_id, 0);
  const within = models.slice(start, end);
  const page = before_id === undefined ? within.slice(0, limit) : within.slice(-limit);
  return {
    data: page.map(anthropicModel),
    has_more: page.length < within.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function indexOf(models: readonly NamedModel[], id: string, absent: number): number {
  const index = models.findIndex(model => model.id === id);
  return index === -1 ? absent : index;
}
