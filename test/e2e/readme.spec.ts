import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { bootLazu, type TestLazu } from '../support/boot.js';

const run = promisify(execFile);
const readme = readFileSync('README.md', 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(match => match[1]!);

/** The arguments of every `curl` in a snippet, as a shell sees them; a machine without curl can be tested so. */
async function curlsIn(snippet: string, env: Record<string, string>): Promise<string[][]> {
  const script = `curl() { printf '%s\\n' "$@" | sed 's/^/ /'; echo; }\n${snippet}`;
  const { stdout } = await run('sh', ['-c', script], { env: { PATH: process.env['PATH'], ...env } });
  const calls = stdout.split('\n\n').filter(call => call.trim() !== '');
  return calls.map(call => call.split('\n').map(line => line.slice(1)));
}

/** What curl would do with `-X`, `-H`, `-d` and a URL. A JSON body over two lines was printed as two arguments: it is one again. */
async function perform(args: readonly string[]): Promise<{ status: number; body: any }> {
  const headers: Record<string, string> = {};
  let url = '';
  let method: string | undefined;
  let body: string | undefined;
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '-X') method = args[++at];
    else if (args[at] === '-H') {
      const [name = '', value = ''] = args[++at]!.split(/: (.*)/);
      headers[name] = value;
    } else if (args[at] === '-d') {
      body = args.slice(at + 1).join('\n');
      break;
    } else url = args[at]!;
  }
  const response = await fetch(url, { method: method ?? (body === undefined ? 'GET' : 'POST'), headers, body });
  return { status: response.status, body: await response.json() };
}

it('the image starts Lazu with the options of `npm start`', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
  const [, command] = /^CMD (\[.*\])$/m.exec(readFileSync('Dockerfile', 'utf8'))!;
  expect(JSON.parse(command!)).toEqual(scripts.start.split(' '));
});

describe('the README', () => {
  let lazu: TestLazu;
  beforeAll(async () => {
    lazu = await bootLazu();
  });
  afterAll(() => lazu.close());

  it('has the two commands', () => {
    expect(blocks('sh')).toEqual(expect.arrayContaining(['npm ci && npm start\n', 'npm ci && npm test\n']));
  });

  it('has curls that work as printed', async () => {
    const env: Record<string, string> = { LAZU_API_KEY: lazu.apiKey, LAZU_ADMIN_KEY: lazu.adminKey };
    const seen: string[] = [];
    for (const block of blocks('sh').filter(text => /^curl/m.test(text))) {
      for (const args of await curlsIn(block.replaceAll('http://localhost:8080', lazu.url), env)) {
        const { status, body } = await perform(args);
        seen.push(`${status} ${body.object}`);
        if (body.object === 'account') env['ACCOUNT_ID'] = body.id;
      }
    }
    expect(seen).toEqual([
      '200 chat.completion',
      '201 account',
      '201 ledger_entry',
      '201 api_key',
      '201 channel',
      '200 catalog_model',
      '200 price',
      '201 channel',
      '200 price_rule',
    ]);
  });

  it('has an SDK example that works as printed', async () => {
    const [example = ''] = blocks('js');
    const child = run('node', ['--input-type=module'], { env: { ...process.env, LAZU_API_KEY: lazu.apiKey } });
    child.child.stdin?.end(example.replace('http://localhost:8080', lazu.url));
    expect((await child).stdout).toContain('You said: "Hello!"');
  });

  it('and the guides name only files that are there', () => {
    const guides = readdirSync('docs').filter(name => name.endsWith('.md'));
    const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...guides.map(name => `docs/${name}`)];
    for (const document of documents) {
      const text = readFileSync(document, 'utf8');
      const folder = document.split('/').slice(0, -1);
      const links = [...text.matchAll(/\]\((?!https?:|\/|#)([^)#\s]+)/g)].map(([, path]) =>
        [...folder, path].join('/'),
      );
      const files = [...text.matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|js|md|mjs|prisma))`/g)].map(([, path]) => path!);
      const missing = [
        ...links.filter(path => !existsSync(path)),
        ...files.filter(path => !['', 'src/', 'test/bench/'].some(root => existsSync(root + path))),
      ];
      expect({ document, missing }).toEqual({ document, missing: [] });
    }
  });
});
