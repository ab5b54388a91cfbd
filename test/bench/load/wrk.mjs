import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('post.lua', import.meta.url));
const run = promisify(execFile);

/** Whether wrk is here; it answers `-v` with its version and status 1. */
export function haveWrk() {
  try {
    execFileSync('wrk', ['-v'], { stdio: 'ignore' });
  } catch (error) {
    return error.code !== 'ENOENT';
  }
  return true;
}

/**
 * As many requests as the target takes, from one thread, for a time.
 * @param {{port: number, headers: Record<string, string>}} target
 * @param {{bodyFile: string, connections: number, seconds: number}} load
 * @returns {Promise<{requests: number, seconds: number, errors: number}>} `errors`: sockets, time-outs, and answers of 400 and above
 */
export async function wrk(target, { bodyFile, connections, seconds }) {
  const url = `http://127.0.0.1:${target.port}/v1/chat/completions`;
  const options = ['-t1', `-c${connections}`, `-d${Math.ceil(seconds)}s`, '--timeout', '30s', '-s', script, url];
  const headers = Object.entries(target.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  const { stdout } = await run('wrk', options, {
    env: { PATH: process.env.PATH, BENCH_BODY: bodyFile, BENCH_HEADERS: headers },
  });
  const result = /^RESULT (.*)$/m.exec(stdout);
  if (result === null) throw new Error(`wrk printed no result:\n${stdout}`);
  return JSON.parse(result[1]);
}
