import { anthropicBeside } from '../anthropic-beside.js';
import { defineProvider } from '../provider.js';
import { countOf, leaveOut, refuseServerTools, withCacheRead } from '../quirks.js';

const TITLE = 'Moonshot AI';
const HOME = 'https://api.moonshot.ai/v1';

/** From K2.5 on sampling is fixed; a request that sets it is refused: https://platform.kimi.ai/docs/api/models-overview */
const FIXED_SAMPLING = /^kimi-k(?:2\.[5-9]|[3-9])/;
const SAMPLING = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'];

/** They think, and want their thoughts back beside tool calls: https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model */
const THINKING = /thinking|^kimi-k(?:2\.[5-9]|[3-9])/;

/** https://platform.kimi.ai/docs/api/chat */
export const moonshot = defineProvider({
  name: 'moonshot',
  title: TITLE,
  baseUrl: HOME,
  // https://platform.moonshot.ai/docs/guide/agent-support
  ...anthropicBeside(HOME, ['api.moonshot.ai', 'api.moonshot.cn']),
  environment: {
    variables: ['MOONSHOT_API_KEY'],
    baseUrlVariable: 'MOONSHOT_BASE_URL',
    serves: { vendors: ['moonshot'] },
    priority: 0,
  },
  modelTraits: model => ({
    reasoning: THINKING.test(model) ? 'default' : 'none',
    sampling: FIXED_SAMPLING.test(model) ? 'none' : 'both',
    efforts: ['low', 'medium', 'high'],
    ...(THINKING.test(model) && { thoughtsBack: 'reasoning_content' }),
  }),
  // https://platform.moonshot.ai/docs/guide/migrating-from-openai-to-kimi#about-api-compatibility
  clamps: { temperature: [0, 1] },
  // Older models give up to 5, newer ones 1, and none more than 1 near temperature 0: https://platform.kimi.ai/docs/api/models-overview
  maxN: 1,
  adapt: (body, { model }, drop) => {
    // `$web_search` and the like are charged per call: https://platform.moonshot.ai/docs/guide/use-web-search
    refuseServerTools(TITLE, body);
    if (FIXED_SAMPLING.test(model)) leaveOut(body, SAMPLING, drop);
    return body;
  },
  // `usage.cached_tokens`, inside `prompt_tokens`: https://platform.kimi.ai/docs/api/chat
  readUsage: (raw, usage) => withCacheRead(usage, countOf(raw.cached_tokens)),
});
