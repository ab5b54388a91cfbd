import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import { Prisma } from '../generated/prisma/client.js';
import { CatalogService } from './catalog.service.js';
import { DELETED, isDeleted, modelNotFound, modelView, type ModelView } from './model-view.js';
import { changesOf, officialOf, type ModelInput } from './model-input.js';
import { followOfficial } from './follow-official.js';
import { lockCatalog, LONG } from './price-versions.js';

const WHOLE = { aliases: true, prices: { where: { supersededAt: null }, orderBy: { createdAt: 'asc' } } } as const;

/** The catalog's models, as an admin sees and changes them. */
@Injectable()
export class ModelsService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly catalog: CatalogService,
  ) {}

  /** By name, ascending. */
  async list({ after, take }: { after: string | undefined; take: number }): Promise<ModelView[]> {
    const rows = await this.prisma.catalogModel.findMany({
      where: { source: { not: DELETED }, ...(after !== undefined && { name: { gt: after } }) },
      orderBy: { name: 'asc' },
      include: WHOLE,
      take,
    });
    return rows.map(modelView);
  }

  /** @throws LazuError model_not_found */
  get(name: string): Promise<ModelView> {
    return this.#read(this.prisma, name);
  }

  /**
   * Makes a model, or changes one: what the input does not name stays, for a new model the defaults of `changesOf`. From then on it
   * is the admin's, and no seed touches it. In force here before this resolves.
   * @throws LazuError missing_required_parameter, conflict (a name or alias is taken)
   */
  async put(name: string, input: ModelInput, trail: Trail): Promise<ModelView> {
    const after = await this.#unlessTaken(async tx => {
      await lockCatalog(tx);
      const row = await tx.catalogModel.findUnique({ where: { name } });
      const before = row && !isDeleted(row) ? await this.#read(tx, name) : null;
      const data = changesOf(name, input, before);
      await this.#refuseTakenNames(tx, name, input.aliases ?? []);
      const vendor = { id: data.vendorId, name: data.vendorId };
      await tx.vendor.upsert({ where: { id: vendor.id }, create: vendor, update: {} });
      const official = officialOf(input, before && row ? row.official : null);
      const model = { ...data, ...officialColumns(before ? official : (official ?? null)), source: 'admin' };
      await tx.catalogModel.upsert({ where: { name }, create: { name, ...model }, update: model });
      if (input.aliases) await this.#setAliases(tx, name, input.aliases);
      await followOfficial(tx, { name }, trail);
      const view = await this.#read(tx, name);
      await trail(tx, before ? 'model.update' : 'model.create', { type: 'model', id: name }, before, view);
      return view;
    });
    await this.catalog.refresh();
    return after;
  }

  /** @throws LazuError model_not_found */
  async delete(name: string, trail: Trail): Promise<void> {
    await this.prisma.$transaction(async tx => {
      await lockCatalog(tx);
      const before = await this.#read(tx, name);
      await tx.modelAlias.deleteMany({ where: { modelName: name } });
      await tx.channelModel.deleteMany({ where: { modelName: name } });
      await tx.price.updateMany({ where: { modelName: name, supersededAt: null }, data: { supersededAt: new Date() } });
      await tx.catalogModel.update({ where: { name }, data: { enabled: false, source: DELETED } });
      await trail(tx, 'model.delete', { type: 'model', id: name }, before, null);
    }, LONG);
    await this.catalog.refresh();
  }

  async #read(tx: Prisma.TransactionClient, name: string): Promise<ModelView> {
    const row = await tx.catalogModel.findUnique({ where: { name }, include: WHOLE });
    if (!row || isDeleted(row)) throw modelNotFound(name);
    return modelView(row);
  }

  async #setAliases(tx: Prisma.TransactionClient, modelName: string, aliases: readonly string[]): Promise<void> {
    await tx.modelAlias.deleteMany({ where: { modelName } });
    await tx.modelAlias.createMany({ data: [...new Set(aliases)].map(alias => ({ alias, modelName })) });
  }

  async #refuseTakenNames(tx: Prisma.TransactionClient, name: string, aliases: readonly string[]): Promise<void> {
    const alias = await tx.modelAlias.findFirst({
      where: { OR: [{ alias: name }, { alias: { in: [...aliases] }, modelName: { not: name } }] },
    });
    if (alias) throw taken(`${alias.alias} is already an alias of ${alias.modelName}.`);
    const model = await tx.catalogModel.findFirst({ where: { name: { in: [...aliases] }, source: { not: DELETED } } });
    if (model) throw taken(`${model.name} is the name of a model and cannot be an alias.`);
  }

  /** Two admins at once: the database has the last word about names. */
  async #unlessTaken<T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
    try {
      return await this.prisma.$transaction(work, LONG);
    } catch (error) {
      if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') {
        throw taken('Somebody else has just taken this name or alias.');
      }
      throw error;
    }
  }
}

const taken = (message: string): LazuError => new LazuError('conflict', message, { param: 'aliases' });

/** @param official undefined: as it was; null: not known */
function officialColumns(official: ReturnType<typeof officialOf>) {
  if (official === undefined) return {};
  if (official === null) return { official: Prisma.DbNull, officialSource: null, officialAt: null };
  return { official: { ...official }, officialSource: 'admin', officialAt: new Date() };
}
