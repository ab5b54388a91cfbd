import fc from 'fast-check';
import { tokensOf } from '../usage.js';
import { readUsage, UsageGatherer } from './usage.js';

const modalities = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).map(([modality, tokenCount]) => ({ modality, tokenCount }));

describe('what an answer of Gemini costs', () => {
  it('trap 4: cached tokens are counted once, at their own price', () => {
    const raw = {
      promptTokenCount: 9_622,
      cachedContentTokenCount: 9_609,
      candidatesTokenCount: 35,
      thoughtsTokenCount: 136,
      totalTokenCount: 9_793,
      promptTokensDetails: modalities({ TEXT: 9_622 }),
      cacheTokensDetails: modalities({ TEXT: 9_609 }),
    };
    const usage = readUsage(raw, 0);
    expect(usage.dimensions).toEqual({ input: 13, cache_read: 9_609, output: 171 });
    expect(usage).toMatchObject({ reasoningTokens: 136, totalTokens: 9_793, raw });
    expect(tokensOf(usage)).toBe(9_793);
  });

  it('counts sound and images apart from text, but not those of the cache', () => {
    const usage = readUsage(
      {
        promptTokenCount: 600,
        cachedContentTokenCount: 150,
        promptTokensDetails: modalities({ TEXT: 100, AUDIO: 200, IMAGE: 250, DOCUMENT: 50 }),
        cacheTokensDetails: modalities({ AUDIO: 120, TEXT: 30 }),
        toolUsePromptTokenCount: 7,
        candidatesTokenCount: 1_300,
        candidatesTokensDetails: modalities({ TEXT: 10, IMAGE: 1_290 }),
        totalTokenCount: 1_907,
      },
      0,
    );
    expect(usage.dimensions).toEqual({
      ...{ input: 127, cache_read: 150, audio_input: 80, image_input: 250 },
      ...{ output: 10, image_output: 1_290 },
    });
    expect(tokensOf(usage)).toBe(1_907);
  });

  it.each([
    [{ serviceTier: 'standard' }, undefined],
    [{ serviceTier: 'flex' }, 'flex'],
    [{ trafficType: 'ON_DEMAND' }, undefined],
    [{ trafficType: 'ON_DEMAND_PRIORITY' }, 'priority'],
  ])('%j is the tier %s', (said, tier) => {
    expect(readUsage({ promptTokenCount: 1, ...said }, 0).serviceTier).toBe(tier);
  });

  it('its dimensions sum to the total that it states, whatever the details say', () => {
    const count = fc.nat({ max: 1_000_000 });
    const details = fc.dictionary(fc.constantFrom('TEXT', 'IMAGE', 'AUDIO', 'VIDEO', 'DOCUMENT'), count);
    fc.assert(
      fc.property(
        count,
        count,
        count,
        count,
        count,
        details,
        details,
        details,
        (prompt, cached, tools, said, thought, ...lists) => {
          const [promptTokensDetails, cacheTokensDetails, candidatesTokensDetails] = lists.map(modalities);
          const totalTokenCount = prompt + tools + said + thought;
          const usage = readUsage(
            {
              ...{ promptTokenCount: prompt, cachedContentTokenCount: Math.min(cached, prompt) },
              ...{ toolUsePromptTokenCount: tools, candidatesTokenCount: said, thoughtsTokenCount: thought },
              ...{ totalTokenCount, promptTokensDetails, cacheTokensDetails, candidatesTokensDetails },
            },
            0,
          );
          expect(tokensOf(usage)).toBe(totalTokenCount);
          expect(Object.values(usage.dimensions).every(quantity => quantity > 0)).toBe(true);
        },
      ),
    );
  });
});

describe('searches', () => {
  const grounded = (modelVersion: string, ...queries: string[]) => ({
    modelVersion,
    candidates: [{ groundingMetadata: { webSearchQueries: queries } }],
    usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 },
  });
  const calls = (...answers: ReturnType<typeof grounded>[]) => {
    const gatherer = new UsageGatherer();
    for (const answer of answers) gatherer.see(answer);
    return gatherer.usage?.dimensions.tool_web_search;
  };

  it('are billed by the query, each once, and by the prompt up to 2.5', () => {
    expect(calls(grounded('gemini-3.5-flash', 'a', '', 'b'), grounded('gemini-3.5-flash', 'b', 'c'))).toBe(3);
    expect(calls(grounded('gemini-2.5-flash', 'a', 'b', 'c'))).toBe(1);
    expect(calls(grounded('gemini-2.5-flash'))).toBeUndefined();
  });
});

it('a chunk that says nothing about tokens takes nothing back', () => {
  const gatherer = new UsageGatherer();
  gatherer.see({ usageMetadata: { trafficType: 'ON_DEMAND' } });
  expect(gatherer.usage).toBeUndefined();
  gatherer.see({ usageMetadata: { promptTokenCount: 5, totalTokenCount: 9, candidatesTokenCount: 4 } });
  gatherer.see({ usageMetadata: { trafficType: 'ON_DEMAND' } });
  expect(gatherer.usage?.dimensions).toEqual({ input: 5, output: 4 });
});
