import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';

let loaded: Promise<typeof SchemaEngine> | undefined;

/**
 * Prisma's schema engine without a native binary: npm install downloads none, and neither may we. The package's own entry
 * imports a .wasm file, which Node 20 does not do without a flag; so it is compiled here.
 */
export async function openSchemaEngine(factory: ScriptAdapter, schema?: string): Promise<SchemaEngine> {
  const Engine = await (loaded ??= load());
  const datamodels: [string, string][] | undefined = schema === undefined ? undefined : [['schema.prisma', schema]];
  return Engine.new({ datamodels }, () => undefined, bindMigrationAwareSqlAdapterFactory(factory));
}

/**
 * PrismaPg cuts a script at every `;` (function bodies have some too) and runs the pieces one by one. Sent whole, PostgreSQL
 * parses it itself and runs it as one transaction: a migration happens or does not.
 */
export class ScriptAdapter extends PrismaPg {
  /** Why the last script failed; the engine's own error keeps only a number of it. */
  failure: Error | undefined;

  readonly #pool: pg.Pool;

  constructor(url: string) {
    const pool = new pg.Pool({ connectionString: url, application_name: 'lazu-migrate', allowExitOnIdle: true });
    pool.on('error', () => undefined); // A lost connection also fails the script under way.
    super(pool);
    this.#pool = pool;
  }

  /** The engine leaves its connections open, and with them a lock that it takes. */
  close(): Promise<void> {
    return this.#pool.end();
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async script => {
      try {
        await adapter.underlyingDriver().query(script);
      } catch (error) {
        this.failure = error as Error;
        throw error;
      }
    };
    return adapter;
  }
}

/** What of WebAssembly is used; Node's own types for it come with the DOM's. */
interface Loader {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
}

async function load(): Promise<typeof SchemaEngine> {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const file = createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm')
    .replace(/\.js$/, '_bg.wasm');
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Loader };
  const bytes = new Uint8Array(await readFile(file));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': withoutLingering(glue) });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  return glue.SchemaEngine;
}

/** The engine never clears the ten-second timer of its lock, which would keep a finished process alive. */
function withoutLingering(glue: object): Record<string, unknown> {
  const imports: Record<string, unknown> = { ...glue };
  for (const [name, value] of Object.entries(imports)) {
    if (!name.startsWith('__wbg_setTimeout')) continue;
    imports[name] = (...given: unknown[]) => (value as (...given: unknown[]) => NodeJS.Timeout)(...given).unref();
  }
  return imports;
}
