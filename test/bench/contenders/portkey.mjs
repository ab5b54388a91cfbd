import { fileURLToPath } from 'node:url';
import { freePort, MEASURED_CORE, start, stop, until } from '../processes.mjs';

const script = fileURLToPath(new URL('../node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url));

/**
 * The peer: Portkey's open-source gateway. `@hono/node-server` is pinned to 1.14.1 in package.json, newer ones break its streams.
 * It keeps no keys, limits, usage records or balances of its own, so it does less than Lazu does.
 */
export async function startPortkey(upstreamPort) {
  const port = await freePort();
  const child = start(MEASURED_CORE, [process.execPath, script, '--headless', `--port=${port}`], {
    env: { NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1' },
  });
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      response => response.ok,
      () => false,
    );
  await until(child, 'Portkey', answers);
  const headers = {
    authorization: 'Bearer x',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
  };
  return { name: 'portkey', port, pid: child.pid, headers, stop: () => stop(child) };
}
