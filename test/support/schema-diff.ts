import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { packageRoot } from '../../src/database/package-root.js';
import { ScriptAdapter, openSchemaEngine } from '../../src/database/schema-engine.js';

/** SQL that would turn the database into prisma/schema.prisma; empty when they agree. */
export async function schemaDiff(url: string): Promise<string> {
  const content = await readFile(join(packageRoot, 'prisma/schema.prisma'), 'utf8');
  const adapter = new IntrospectingAdapter(url);
  const engine = await openSchemaEngine(adapter, content);
  const files = [{ path: 'schema.prisma', content }];
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: packageRoot },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return (stdout ?? '').replace('-- This is an empty migration.', '').trim();
  } finally {
    engine.free();
    await adapter.close();
  }
}

/** PostgreSQL's one-byte type "char", which PrismaPg 7.10 does not know but the engine selects when it looks at a database. */
const CHARACTERS = ['constr.contype AS constraint_type', 'con.confdeltype', 'con.confupdtype'];

class IntrospectingAdapter extends ScriptAdapter {
  override async connect(): ReturnType<ScriptAdapter['connect']> {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async query => {
      const characters: string[] = [];
      const sql = CHARACTERS.reduce((text, expression) => {
        const [source, name = source!.slice(source!.indexOf('.') + 1)] = expression.split(' AS ');
        if (!text.includes(`${expression}`)) return text;
        characters.push(name);
        return text.replace(expression, `${source}::text AS ${name}`);
      }, query.sql);
      const answer = await queryRaw({ ...query, sql });
      for (const name of characters) answer.columnTypes[answer.columnNames.indexOf(name)] = ColumnTypeEnum.Character;
      return answer;
    };
    return adapter;
  }
}
