import { LazuError } from '../errors.js';
import type { Prisma } from '../generated/prisma/client.js';
import { DELETED } from './model-view.js';

export interface ChannelModelInput {
  readonly model: string;
  readonly upstream_model?: string | null;
}

/**
 * What a channel serves, under the catalog's own names: aliases are resolved, each model stands once.
 * @throws LazuError invalid_value naming the entry
 */
export async function resolveModels(
  tx: Prisma.TransactionClient,
  models: readonly ChannelModelInput[],
): Promise<readonly { modelName: string; upstreamModel: string | null }[]> {
  const named = models.map(({ model }) => model);
  const aliases = await tx.modelAlias.findMany({ where: { alias: { in: named } } });
  const resolved = new Map(aliases.map(({ alias, modelName }) => [alias, modelName]));
  const known = await tx.catalogModel.findMany({
    where: { name: { in: [...named, ...resolved.values()] }, source: { not: DELETED } },
    select: { name: true },
  });
  const names = new Set(known.map(({ name }) => name));
  const seen = new Set<string>();
  return models.map(({ model, upstream_model }, index) => {
    const modelName = names.has(model) ? model : (resolved.get(model) ?? model);
    const param = `models.${index}.model`;
    if (!names.has(modelName)) {
      throw new LazuError('invalid_value', `There is no model ${model}. PUT /api/admin/models/${model} makes one.`, {
        param,
      });
    }
    if (seen.has(modelName)) throw new LazuError('invalid_value', `${modelName} stands twice in models.`, { param });
    seen.add(modelName);
    return { modelName, upstreamModel: upstream_model ?? null };
  });
}
