import type { ModelTraits } from '../../protocols/protocol.js';
import { defineProvider, type Outgoing } from '../provider.js';

type Traits = Omit<ModelTraits, 'maxOutputTokens'>;

const BASIC = ['low', 'medium', 'high', 'max'];
const ALL = ['low', 'medium', 'high', 'xhigh', 'max'];

/** Models that have always thought, or have since 5.5 of their family: a rule for names still to come too. */
const LATEST: Traits = { reasoning: 'always', sampling: 'none', efforts: ALL };

/**
 * Generations, the first that fits: https://platform.claude.com/docs/en/about-claude/models/migration-guide
 * Thinking: https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking#supported-models
 */
const GENERATIONS: readonly (readonly [names: RegExp, traits: Traits])[] = [
  [/^claude-(?:3|2|instant)(?!-7)/, { reasoning: 'none', sampling: 'both', efforts: [] }],
  [/^claude-3-7|^claude-(?:opus|sonnet)-4(?:-0|-20|$)/, { reasoning: 'budget', sampling: 'both', efforts: [] }],
  [/^claude-[a-z]+-4-[15](?:-|$)/, { reasoning: 'budget', sampling: 'one', efforts: [] }],
  [/^claude-[a-z]+-4-6(?:-|$)/, { reasoning: 'asked', sampling: 'one', efforts: BASIC }],
  [/^claude-opus-4-[78](?:-|$)/, { reasoning: 'asked', sampling: 'none', efforts: ALL }],
  [/^claude-(?:opus|sonnet)-5(?:-20|$)/, { reasoning: 'default', sampling: 'none', efforts: ALL }],
  [/^claude-haiku-5/, { reasoning: 'default', sampling: 'none', efforts: ALL }],
];

const modelTraits = (model: string): Traits => GENERATIONS.find(([names]) => names.test(model))?.[1] ?? LATEST;

/** https://platform.claude.com/docs/en/api/overview#authentication */
const authorize = ({ channel }: Outgoing): Record<string, string> => ({
  'anthropic-version': '2023-06-01',
  ...(typeof channel.credential === 'string' && { 'x-api-key': channel.credential }),
});

/** https://platform.claude.com/docs/en/api/messages/create */
export const anthropic = defineProvider({
  name: 'anthropic',
  title: 'Anthropic',
  protocols: ['anthropic-messages'],
  baseUrl: 'https://api.anthropic.com/v1',
  environment: {
    variables: ['ANTHROPIC_API_KEY'],
    // As in the official SDK, whose base URL has no version: https://github.com/anthropics/anthropic-sdk-typescript#readme
    baseUrlVariable: 'ANTHROPIC_BASE_URL',
    serves: { vendors: ['anthropic'] },
    priority: 0,
  },
  path: ({ channel, endpoint }) => {
    const version = /\/v1\/*$/.test(channel.baseUrl ?? '/v1') ? '' : '/v1';
    // https://platform.claude.com/docs/en/build-with-claude/token-counting
    return `${version}/messages${endpoint === 'count-tokens' ? '/count_tokens' : ''}`;
  },
  countsTokens: ['anthropic-messages'],
  authorize,
  modelTraits,
  streamUsage: 'always',
});
