import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { PriceRule } from '../generated/prisma/client.js';
import { laneOf } from './catalog-rows.js';
import { CatalogService } from './catalog.service.js';
import { decimalOf, millionthsOf } from './decimal.js';
import { followOfficial } from './follow-official.js';
import { lockCatalog, LONG } from './price-versions.js';
import type { Lane } from './route.js';
import { PAR } from './sell-price.js';

/** The highest factor. Zero is none: what is free gets a price of 0 by hand. */
const MOST = 1_000n * PAR;

/** What the vendor's models cost in the lane: official price × factor, but for those priced by hand. */
export interface PriceRuleView {
  /** `<vendor>/<lane>` */
  readonly id: string;
  readonly object: 'price_rule';
  readonly vendor_id: string;
  readonly lane: Lane;
  /** As a decimal string. */
  readonly factor: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A rule that was set or deleted, and how many prices got a new version (or ended) by that. */
export type ChangedRule<View> = View & { readonly changed_prices: number };

export interface DeletedRule {
  readonly id: string;
  readonly object: 'price_rule';
  readonly deleted: true;
}

/** Sell prices by rule. A change makes new versions of the prices that follow it, and touches none that was charged by. */
@Injectable()
export class PriceRulesService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly catalog: CatalogService,
  ) {}

  /** By vendor, then lane, ascending. */
  async list({ after, take }: { after: string | undefined; take: number }): Promise<PriceRuleView[]> {
    const [vendorId = '', lane = ''] = after?.split('/') ?? [];
    const rows = await this.prisma.priceRule.findMany({
      where: after === undefined ? {} : { OR: [{ vendorId: { gt: vendorId } }, { vendorId, lane: { gt: lane } }] },
      orderBy: [{ vendorId: 'asc' }, { lane: 'asc' }],
      take,
    });
    return rows.map(ruleView);
  }

  /**
   * In force here, with all prices it makes, before this resolves; on other hosts with the change feed.
   * @param factor above 0, at most 1000, at most six decimals
   * @throws LazuError invalid_value, not_found when no model is of that vendor
   */
  async put(vendorId: string, lane: Lane, factor: unknown, trail: Trail): Promise<ChangedRule<PriceRuleView>> {
    const millionths = millionthsOf(factor);
    if (millionths === undefined || millionths === 0n || millionths > MOST) {
      const message = 'factor must be above 0 and at most 1000, a number or decimal string of at most six decimals.';
      throw new LazuError('invalid_value', message, { param: 'factor' });
    }
    const key = { vendorId, lane };
    const data = { factorMillionths: Number(millionths) };
    return this.#change(async tx => {
      if ((await tx.vendor.count({ where: { id: vendorId } })) === 0) {
        throw new LazuError(
          'not_found',
          `No model is of the vendor ${vendorId}. GET /api/admin/models shows vendor_id.`,
        );
      }
      const before = await tx.priceRule.findUnique({ where: { vendorId_lane: key } });
      const after = ruleView(
        await tx.priceRule.upsert({ where: { vendorId_lane: key }, create: { ...key, ...data }, update: data }),
      );
      const isNew = before?.factorMillionths !== data.factorMillionths;
      if (isNew) await trail(tx, 'price_rule.put', targetOf(key), before && ruleView(before), after);
      return { ...after, changed_prices: (await followOfficial(tx, { vendorId }, trail)).length };
    });
  }

  /**
   * The direct lane costs the official price again; the cheap lane closes. Prices by hand stay.
   * @throws LazuError not_found
   */
  async delete(vendorId: string, lane: Lane, trail: Trail): Promise<ChangedRule<DeletedRule>> {
    const key = { vendorId, lane };
    return this.#change(async tx => {
      const before = await tx.priceRule.findUnique({ where: { vendorId_lane: key } });
      if (!before) throw new LazuError('not_found', `There is no rule for ${vendorId} in the ${lane} lane.`);
      await tx.priceRule.delete({ where: { vendorId_lane: key } });
      await trail(tx, 'price_rule.delete', targetOf(key), ruleView(before), null);
      const changed_prices = (await followOfficial(tx, { vendorId }, trail)).length;
      return { id: idOf(key), object: 'price_rule', deleted: true, changed_prices };
    });
  }

  async #change<View>(work: (tx: Parameters<typeof lockCatalog>[0]) => Promise<View>): Promise<View> {
    const view = await this.prisma.$transaction(async tx => {
      await lockCatalog(tx);
      return work(tx);
    }, LONG);
    await this.catalog.refresh();
    return view;
  }
}

const idOf = ({ vendorId, lane }: { vendorId: string; lane: string }): string => `${vendorId}/${lane}`;
const targetOf = (key: { vendorId: string; lane: string }) => ({ type: 'price_rule', id: idOf(key) });

function ruleView(row: PriceRule): PriceRuleView {
  return {
    id: idOf(row),
    object: 'price_rule',
    vendor_id: row.vendorId,
    lane: laneOf(row.lane),
    factor: decimalOf(BigInt(row.factorMillionths)),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
