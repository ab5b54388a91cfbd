import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { Prisma } from '../generated/prisma/client.js';
import { CatalogService } from './catalog.service.js';
import { resolveModels } from './channel-models.js';
import { environmentView, noChannel, rowOf, storedView, type ChannelView } from './channel-view.js';
import { CredentialBox, CredentialUnreadable } from './credential-box.js';
import type { Channel, Lane } from './route.js';
import { openChannel, sealCredential, type Credential } from './serving-channels.js';
import { trialOf, type Trial } from './trial.js';

/** As on the wire (contract §15). Absent: unchanged; null: cleared. */
export interface ChannelChanges {
  name?: string;
  provider?: string;
  lane?: Lane;
  base_url?: string | null;
  credential?: NonNullable<Credential> | null;
  models?: { model: string; upstream_model?: string | null }[];
  priority?: number;
  weight?: number;
  enabled?: boolean;
  options?: Record<string, unknown>;
}

/** Throws a LazuError when the provider cannot work with such a channel. `admin` knows the providers, this room does not. */
export type ChannelCheck = (channel: Channel) => void;

const WHOLE = { models: { orderBy: { modelName: 'asc' } } } as const;

/** The configured ways to providers. What the environment makes is shown, and changed only there. */
@Injectable()
export class ChannelsService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly catalog: CatalogService,
    private readonly box: CredentialBox,
  ) {}

  /** The environment's first, then the newest. */
  async list({ after, take }: { after: string | undefined; take: number }): Promise<ChannelView[]> {
    const environment = this.#environment()
      .filter(({ id }) => after === undefined || id < after)
      .slice(0, take);
    const stored = await this.prisma.channel.findMany({
      where: after === undefined || after.startsWith('env:') ? {} : { id: { lt: after } },
      orderBy: { id: 'desc' },
      include: WHOLE,
      take: take - environment.length,
    });
    return [...environment, ...stored.map(storedView)];
  }

  /** @throws LazuError not_found */
  async get(id: string): Promise<ChannelView> {
    return this.#environment().find(view => view.id === id) ?? storedView(await this.#find(this.prisma, id));
  }

  /** In use here before this resolves, on other hosts with the change feed. */
  async create(
    input: ChannelChanges & { name: string; provider: string },
    check: ChannelCheck,
    trail: Trail,
  ): Promise<ChannelView> {
    const id = `chan_${ulid()}`;
    const { name, provider } = input;
    return this.#write(id, input, check, trail, tx =>
      tx.channel.create({ data: { id, name, provider } }).then(() => null),
    );
  }

  /** @throws LazuError not_found, conflict (a channel of the environment) */
  async update(id: string, input: ChannelChanges, check: ChannelCheck, trail: Trail): Promise<ChannelView> {
    this.#refuseEnvironment(id);
    return this.#write(id, input, check, trail, async tx => {
      await tx.$queryRaw`SELECT 1 AS locked FROM channels WHERE id = ${id} FOR UPDATE`;
      return storedView(await this.#find(tx, id));
    });
  }

  /** @throws LazuError not_found, conflict (a channel of the environment) */
  async delete(id: string, trail: Trail): Promise<void> {
    this.#refuseEnvironment(id);
    await this.prisma.$transaction(async tx => {
      const before = storedView(await this.#find(tx, id));
      await tx.channel.delete({ where: { id } });
      await trail(tx, 'channel.delete', { type: 'channel', id }, before, null);
    });
    await this.catalog.refresh();
  }

  /**
   * A channel as it would be used, enabled or not, with one of its models: for a trial call.
   * @param model a model or alias it serves; undefined: the first that chats, else the first
   * @throws LazuError not_found, model_not_found, invalid_value when it serves nothing or its credential does not open
   */
  async trial(id: string, model: string | undefined): Promise<Trial> {
    const environment = this.catalog.channels().find(channel => channel.id === id && channel.source === 'env');
    if (environment) return trialOf(environment, this.catalog.modelsOf(id), model, this.catalog);
    const stored = await this.#find(this.prisma, id);
    const served = rowOf(stored).models.map(row => ({ ...row, upstreamModel: row.upstreamModel ?? row.model }));
    return trialOf(this.#open(stored), served, model, this.catalog);
  }

  async #write(
    id: string,
    input: ChannelChanges,
    check: ChannelCheck,
    trail: Trail,
    begin: (tx: Prisma.TransactionClient) => Promise<ChannelView | null>,
  ): Promise<ChannelView> {
    const view = await this.prisma.$transaction(async tx => {
      const before = await begin(tx);
      const { models, credential, base_url, options, ...plain } = input;
      await tx.channel.update({
        where: { id },
        data: {
          ...plain,
          baseUrl: typeof base_url === 'string' ? base_url.replace(/\/+$/, '') : base_url,
          options: options as Prisma.InputJsonObject | undefined,
          ...this.#sealed(credential, id),
        },
      });
      if (models) {
        const rows = await resolveModels(tx, models);
        await tx.channelModel.deleteMany({ where: { channelId: id } });
        await tx.channelModel.createMany({ data: rows.map(row => ({ ...row, channelId: id })) });
      }
      const stored = await this.#find(tx, id);
      check(this.#open(stored));
      const after = storedView(stored);
      const said = credential === undefined ? after : { ...after, credential_changed: true };
      await trail(tx, before ? 'channel.update' : 'channel.create', { type: 'channel', id }, before, said);
      return after;
    });
    await this.catalog.refresh();
    return view;
  }

  #sealed(credential: ChannelChanges['credential'], id: string) {
    if (credential === undefined) return {};
    if (credential === null) return { credentialCiphertext: null, credentialKeyId: null };
    const { ciphertext, keyId } = sealCredential(credential, id, this.box);
    return { credentialCiphertext: ciphertext, credentialKeyId: keyId };
  }

  #open(stored: Parameters<typeof rowOf>[0]): Channel {
    try {
      return openChannel(rowOf(stored), this.box).channel;
    } catch (error) {
      if (!(error instanceof CredentialUnreadable)) throw error;
      throw new LazuError('invalid_value', `The credential of ${stored.id} ${error.message}. Set it again.`, {
        param: 'credential',
      });
    }
  }

  async #find(tx: Prisma.TransactionClient, id: string) {
    const row = await tx.channel.findUnique({ where: { id }, include: WHOLE });
    if (!row) throw noChannel(id);
    return row;
  }

  #environment(): ChannelView[] {
    return this.catalog
      .channels()
      .filter(({ source }) => source === 'env')
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .map(channel => environmentView(channel, this.catalog.modelsOf(channel.id)));
  }

  #refuseEnvironment(id: string): void {
    if (!this.#environment().some(view => view.id === id)) return;
    throw new LazuError('conflict', `${id} comes from the environment: change or unset its variables and start again.`);
  }
}
