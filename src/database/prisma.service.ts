import { Injectable } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { Database } from './database.js';

/** Prisma on the pool that everything else uses too; the pool is the Database's to close. */
@Injectable()
export class PrismaService extends PrismaClient {
  constructor(database: Database) {
    super({ adapter: new PrismaPg(database.pool), errorFormat: 'minimal' });
    database.beforeClose(() => this.$disconnect());
  }
}
