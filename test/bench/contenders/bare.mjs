import { fileURLToPath } from 'node:url';
import { MEASURED_CORE, printedPort, start, stop } from '../processes.mjs';

const script = fileURLToPath(new URL('../servers/bare-proxy.mjs', import.meta.url));

/** The baseline. `nodeFlags` are for the profiler. */
export async function startBare(upstreamPort, nodeFlags = []) {
  const child = start(MEASURED_CORE, [process.execPath, ...nodeFlags, script, '--upstream', String(upstreamPort)], {
    env: { NODE_ENV: 'production' },
  });
  const port = await printedPort(child, 'the bare proxy');
  return { name: 'bare', port, pid: child.pid, headers: { authorization: 'Bearer x' }, stop: () => stop(child) };
}
