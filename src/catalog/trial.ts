import { LazuError } from '../errors.js';
import type { CatalogService } from './catalog.service.js';
import type { Channel, Model } from './route.js';

/** What a trial call needs: a route without a price. */
export interface Trial {
  readonly channel: Channel;
  readonly model: Model;
  readonly upstreamModel: string;
}

/** @throws LazuError model_not_found, invalid_value when the channel serves nothing that is enabled */
export function trialOf(
  channel: Channel,
  served: readonly { readonly model: string; readonly upstreamModel: string }[],
  wished: string | undefined,
  catalog: Pick<CatalogService, 'model'>,
): Trial {
  const trials = served.flatMap(({ model: name, upstreamModel }) => {
    const model = catalog.model(name);
    return model ? [{ channel, model, upstreamModel }] : [];
  });
  const name = wished === undefined ? undefined : (catalog.model(wished)?.name ?? wished);
  const chosen =
    name === undefined
      ? (trials.find(({ model }) => model.endpointTypes.includes('chat')) ?? trials[0])
      : trials.find(({ model }) => model.name === name);
  if (chosen) return chosen;
  if (wished === undefined) {
    throw new LazuError('invalid_value', `${channel.id} serves no enabled model. Give it one by PATCH {"models": …}.`, {
      param: 'models',
    });
  }
  throw new LazuError('model_not_found', `${channel.id} does not serve ${wished}.`, { param: 'model' });
}
