import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, materials } from '../support/materials.js';
import { DiscoverySchemas } from './support/discovery-schemas.js';
import { ServiceModel } from './support/service-model.js';
import { Steady } from './support/steady.js';

const specs = materials('specs', "judging goldens by the vendors' own specifications");

type Golden = { readonly path: string; readonly body: Record<string, unknown> } | { readonly refused: string };
/** What is wrong with a body, by the vendor's own word. */
type Judge = (body: Record<string, unknown>) => readonly string[] | Promise<readonly string[]>;

const CALLERS = ['openai-chat', 'anthropic-messages', 'gemini'];

/** The requests that go out to this protocol for callers of every dialect, each once. */
function goldensOf(protocol: string): (readonly [name: string, body: Record<string, unknown>])[] {
  return CALLERS.flatMap(caller => {
    const file = join('test/conformance/goldens', caller, `${protocol}.json`);
    if (!existsSync(file)) return [];
    const goldens = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Golden>;
    return Object.entries(goldens).flatMap(([feature, golden]) =>
      'body' in golden ? [[`${caller}: ${feature}`, golden.body] as const] : [],
    );
  });
}

/**
 * By OpenAPI files, as the mock servers that they make answer. Where there are two, either may take a body: to OpenAI's own a message with
 * parts is two variants of `InputItem` at once, and the shared part of the protocol has neither JSON objects nor the highest effort.
 */
const OPENAPI = [
  { protocol: 'openai-chat', files: ['openrouter.openapi.yaml'], path: '/chat/completions' },
  { protocol: 'openai-responses', files: ['openai.openapi.json', 'open-responses.openapi.json'], path: '/responses' },
  { protocol: 'anthropic-messages', files: ['anthropic.openapi.json'], path: '/v1/messages' },
];

describeWith(specs, 'goldens, judged by the vendor’s own specification', folder => {
  const judged = async (protocol: string, judge: Judge): Promise<object> => {
    const faults: Record<string, readonly string[]> = {};
    const goldens = goldensOf(protocol);
    expect(goldens.length).toBeGreaterThan(50);
    for (const [name, body] of goldens) {
      const complaints = await judge(body);
      if (complaints.length > 0) faults[name] = complaints;
    }
    return faults;
  };

  it.each(OPENAPI)(
    '$protocol by $files',
    async ({ protocol, files, path }) => {
      const judges = await Promise.all(files.map(file => Steady.start(join(folder, file))));
      try {
        const judge: Judge = async body => {
          const verdicts = await Promise.all(judges.map(one => one.judge(path, body)));
          const isTaken = verdicts.some(({ complaints }) => complaints.length === 0);
          return isTaken ? [] : verdicts.flatMap(one => one.complaints);
        };
        expect(await judged(protocol, judge)).toEqual({});
      } finally {
        await Promise.all(judges.map(one => one.stop()));
      }
    },
    60_000,
  );

  it('gemini by the discovery document', async () => {
    const schemas = new DiscoverySchemas(folder);
    expect(await judged('gemini', body => schemas.faults('GenerateContentRequest', body))).toEqual({});
  });

  it('bedrock-converse by the service model', async () => {
    const model = new ServiceModel(folder, 'bedrock-runtime.service-2.json');
    expect(await judged('bedrock-converse', body => model.faults('ConverseRequest', body))).toEqual({});
  });
});
