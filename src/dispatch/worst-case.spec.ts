import fc from 'fast-check';
import type { Price, Rates, Route } from '../catalog/route.js';
import type { VendorTool } from '../protocols/bounds.js';
import { anthropicMessages } from '../protocols/anthropic-messages/index.js';
import { geminiInbound } from '../protocols/gemini/inbound.js';
import { openaiChat } from '../protocols/openai-chat/index.js';
import type { RequestFacts } from '../protocols/protocol.js';
import { DIMENSIONS, type Dimension, type Usage } from '../protocols/usage.js';
import { priceOf } from '../usage/price.js';
import { countTokens } from './tokenizer.js';
import { inputBound, worstCase } from './worst-case.js';

const INPUT: Dimension[] = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'audio_input', 'image_input'];
const OUTPUT: Dimension[] = ['output', 'audio_output', 'image_output'];
const TIERS = ['flex', 'priority'];

const rate = fc.bigInt({ min: 0n, max: 100_000_000n });
const rates: fc.Arbitrary<Rates> = fc.dictionary(fc.constantFrom(...DIMENSIONS), rate, { noNullPrototype: true });
const serviceTiers = fc.dictionary(fc.constantFrom(...TIERS), rates, { noNullPrototype: true });
const price: fc.Arbitrary<Price> = fc.record({
  id: fc.constant('price'),
  rates,
  tiers: fc
    .array(fc.record({ aboveInputTokens: fc.nat(300_000), rates, serviceTiers }), { maxLength: 2 })
    .map(tiers => tiers.sort((one, other) => one.aboveInputTokens - other.aboveInputTokens)),
  serviceTiers,
});
const tool: fc.Arbitrary<VendorTool> = fc.record({
  dimension: fc.constantFrom('tool_web_search', 'tool_code_execution', 'tool_other', undefined),
  uses: fc.option(fc.nat(5), { nil: undefined }),
});
const facts: fc.Arbitrary<RequestFacts> = fc.record({
  model: fc.constant('m'),
  stream: fc.boolean(),
  includeUsage: fc.boolean(),
  n: fc.integer({ min: 1, max: 8 }),
  maxOutputTokens: fc.constant(undefined),
  inputTokensBound: fc.nat(400_000),
  images: fc.nat(3),
  inputTokensEstimate: fc.constant(1),
  serviceTier: fc.constantFrom(undefined, 'auto', ...TIERS),
  needs: fc.constant([]),
  vendorTools: fc.array(tool, { maxLength: 2 }),
});

const routeOf = (of: Price, vendorId = 'acme'): Route => ({ price: of, model: { vendorId } }) as Route;

describe('the hold of a request', () => {
  it('covers whatever it can cost: any split over the dimensions, any tier that may run, any candidate', () => {
    const split = fc.array(fc.nat(100), { minLength: 9, maxLength: 9 });
    const ask = fc.record({ facts, prices: fc.array(price, { minLength: 1, maxLength: 3 }), output: fc.nat(10_000) });
    const end = fc.record({ split, full: fc.double({ min: 0, max: 1, noNaN: true }), runs: fc.nat(5), who: fc.nat() });
    fc.assert(
      fc.property(ask, end, ({ facts, prices, output }, { split, full, runs, who }) => {
        const { microUsd, outputPicoUsd } = worstCase(
          facts,
          prices.map(one => routeOf(one)),
          output,
        );
        const { n, serviceTier, vendorTools } = facts;
        const dimensions: Partial<Record<Dimension, number>> = { requests: n };
        const share = (names: Dimension[], most: number, parts: number[]) => {
          const sum = parts.reduce((total, part) => total + part, 0) || 1;
          names.forEach((name, at) => (dimensions[name] = Math.floor((most * full * parts[at]!) / sum)));
        };
        share(INPUT, n * inputBound(facts, 'acme'), split.slice(0, 6));
        share(OUTPUT, n * output, split.slice(6));
        for (const { dimension, uses = 5 } of vendorTools) {
          if (dimension) dimensions[dimension] = (dimensions[dimension] ?? 0) + n * Math.min(uses, runs);
        }
        // The vendor runs the tier that was asked for, or its standard; told to choose, any.
        const may = serviceTier === 'auto' ? [undefined, ...TIERS] : [undefined, serviceTier];
        const ran = may[runs % may.length];
        const usage: Usage = { dimensions, raw: {}, ...(ran !== undefined && { serviceTier: ran }) };
        const charge = priceOf(usage, prices[who % prices.length]!);
        expect(microUsd).toBeGreaterThanOrEqual(charge.microUsd);
        for (const { rates } of prices) expect(outputPicoUsd).toBeGreaterThanOrEqual(rates.output ?? 0n);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not taken for a context tier that the input cannot reach', () => {
    const tiered = { id: 'p', rates: { input: 1_000_000n }, serviceTiers: {} };
    const dear = { ...tiered, tiers: [{ aboveInputTokens: 200_000, rates: { input: 2_000_000n } }] };
    const asked = openaiChat.readFacts({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }, 1_000);
    expect(worstCase(asked, [routeOf(dear)], 0).microUsd).toBe(2_024n);
    expect(worstCase({ ...asked, inputTokensBound: 199_000 }, [routeOf(dear)], 0).microUsd).toBe(400_048n);
  });

  it('is taken for an image by the rules of who answers, not by its bytes', () => {
    const url = `data:image/png;base64,${'A'.repeat(1_000_000)}`;
    const body = { model: 'm', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] };
    const asked = openaiChat.readFacts(body, Buffer.byteLength(JSON.stringify(body)));
    const flat = { id: 'p', rates: { input: 1_000_000n }, serviceTiers: {}, tiers: [] };
    const text = BigInt(asked.inputTokensBound + 1_024);
    expect(text).toBeLessThan(1_200n);
    expect(worstCase(asked, [routeOf(flat, 'anthropic')], 0).microUsd).toBe(text + 4_784n);
    expect(worstCase(asked, [routeOf(flat)], 0).microUsd).toBe(text + 36_835n);
    expect(worstCase(asked, [routeOf(flat, 'anthropic'), routeOf(flat)], 0).microUsd).toBe(text + 36_835n);
  });

  it('counts no fewer tokens of text, tools and turns than a tokenizer, in every dialect', async () => {
    const said = fc.oneof(fc.string({ maxLength: 400, unit: 'grapheme' }), fc.lorem({ maxCount: 60 }));
    const name = fc.stringMatching(/^[a-z_]{1,20}$/);
    const conversation = fc.record({ turns: fc.array(said, { minLength: 1, maxLength: 6 }), tools: fc.array(fc.tuple(name, said), { maxLength: 3 }) }); // prettier-ignore
    const gemini = geminiInbound({ model: 'm', stream: false, form: 'events', thoughts: true });
    await fc.assert(
      fc.asyncProperty(conversation, async ({ turns, tools }) => {
        const role = (at: number, other: string) => (at % 2 ? other : 'user');
        const parameters = { type: 'object', properties: {} };
        const chat = {
          model: 'm',
          messages: turns.map((content, at) => ({ role: role(at, 'assistant'), content })),
          tools: tools.map(([name, description]) => ({
            type: 'function',
            function: { name, description, parameters },
          })),
        };
        const claude = {
          model: 'm',
          max_tokens: 9,
          messages: chat.messages,
          tools: tools.map(([name, description]) => ({ name, description, input_schema: parameters })),
        };
        const google = {
          contents: turns.map((text, at) => ({ role: role(at, 'model'), parts: [{ text }] })),
          tools: [{ functionDeclarations: tools.map(([name, description]) => ({ name, description })) }],
        };
        // Four tokens around each turn and twelve around each tool: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
        let counted = 4 * turns.length + 12 * tools.length + 3;
        for (const text of [...turns, ...tools.flat()]) counted += await countTokens(text);
        for (const [inbound, body] of [
          [openaiChat, chat],
          [anthropicMessages, claude],
          [gemini, google],
        ] as const) {
          // prettier-ignore
          const read = inbound.readFacts(body, Buffer.byteLength(JSON.stringify(body)));
          expect(read.inputTokensBound).toBeGreaterThanOrEqual(counted);
        }
      }),
      { numRuns: 60 },
    );
  });
});
