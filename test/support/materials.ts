import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** What lies outside the repository: recorded traffic and vendors' API specifications. */
const MATERIALS = {
  recordings: { variable: 'RECORDINGS_DIR', fallback: '../shared/recordings', mark: 'INDEX.tsv' },
  specs: { variable: 'SPECS_DIR', fallback: '../shared/specs', mark: 'openai.openapi.json' },
} as const;

/**
 * The folder of this material, or undefined where it is missing; then what was skipped is named.
 * @throws Error instead, with `LAZU_TEST_REQUIRE=all`: on CI a missing part is a failure
 */
export function materials(name: keyof typeof MATERIALS, what: string): string | undefined {
  const { variable, fallback, mark } = MATERIALS[name];
  const folder = resolve(process.env[variable] || fallback);
  if (existsSync(resolve(folder, mark))) return folder;
  const missing = `${what}: there is no ${mark} in ${folder}; set ${variable}`;
  if (process.env['LAZU_TEST_REQUIRE'] === 'all') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return undefined;
}

/** `describe` over this material, or a skipped one where it is missing. */
export function describeWith(folder: string | undefined, name: string, tests: (folder: string) => void): void {
  if (folder !== undefined) describe(name, () => tests(folder));
  else describe.skip(name, () => it('has nothing to read', () => undefined));
}

/**
 * Whether a program that some tests need is installed; names what is skipped where it is not.
 * @throws Error instead, with `LAZU_TEST_REQUIRE=all`
 */
export function hasProgram(program: string, what: string): boolean {
  if (spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined) return true;
  const missing = `${what}: there is no ${program} on this machine`;
  if (process.env['LAZU_TEST_REQUIRE'] === 'all') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return false;
}
