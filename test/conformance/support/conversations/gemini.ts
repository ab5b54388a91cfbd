import { writeCarried } from '../../../../src/protocols/gemini/carried.js';
import type { Sealed } from '../../../../src/protocols/conversation.js';

type Json = Record<string, unknown>;

const PIXEL = 'iVBORw0KGgo=';
const SCHEMA = { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] };

const user = (...parts: Json[]) => ({ role: 'user', parts });
const model = (...parts: Json[]) => ({ role: 'model', parts });
const said = (text: string, more: Json = {}) => ({ text, ...more });
const hi = { contents: [user(said('Hi'))] };
const called = (city: string, more: Json = {}) => ({ functionCall: { name: 'weather', args: { city }, ...more } });
const gave = (response: Json, more: Json = {}) => ({ functionResponse: { name: 'weather', response, ...more } });
const declared = (name: string, more: Json = {}) => ({ name, description: 'By city', parameters: SCHEMA, ...more });
const tools = [{ functionDeclarations: [declared('weather'), declared('traffic')] }];
const asked = { ...hi, tools };
const calling = (mode: string, ...allowedFunctionNames: string[]) => ({
  ...asked,
  toolConfig: { functionCallingConfig: { mode, ...(allowedFunctionNames.length > 0 && { allowedFunctionNames }) } },
});
const config = (generationConfig: Json) => ({ ...hi, generationConfig });
const media = (mimeType: string, data: string) => ({ inlineData: { mimeType, data } });

/** A call that the model made after it had thought, as it comes home from an answer. */
const afterThoughts = (thoughtSignature: string) => ({
  contents: [
    user(said('Weather in Bern?')),
    model(said('They want the weather.', { thought: true }), said('I look.'), { ...called('Bern'), thoughtSignature }),
    user(gave({ output: 'Sun' })),
  ],
  tools,
  generationConfig: { thinkingConfig: { thinkingBudget: 4_096, includeThoughts: true } },
});
const carried = (sealed: Sealed) => afterThoughts(writeCarried([{ sealed, textBefore: false }]));

/** One conversation per feature, in Gemini's `generateContent`. */
export const geminiConversations: Readonly<Record<string, Json>> = {
  plain: hi,
  'what the system says': { ...hi, systemInstruction: { parts: [said('Be brief.'), said('Be kind.')] } },
  'names as Google’s schema spells them': {
    contents: [{ parts: { inline_data: { mime_type: 'image/png', data: PIXEL } } }],
    system_instruction: { parts: { text: 'Be brief.' } },
    generation_config: { max_output_tokens: 99, stop_sequences: ['END'] },
  },
  'tools over several turns': {
    contents: [
      user(said('Weather in Bern?')),
      model(said('I look.'), called('Bern', { id: 'c1' })),
      user(gave({ output: 'Sun' }, { id: 'c1' })),
      model(said('Sun. And in Oslo?')),
      user(said('Yes.')),
      model(called('Oslo')),
      user(gave({ degrees: -5, unit: 'C' })),
    ],
    tools,
  },
  'parallel tools, results with an error and an image': {
    contents: [
      user(said('Bern and Oslo?')),
      model(called('Bern'), called('Oslo')),
      user(gave({ output: 'Sun' }, { parts: [media('image/png', PIXEL)] }), gave({ error: 'No.' }), said('Well?')),
    ],
    tools,
  },
  'calling: AUTO': calling('AUTO'),
  'calling: AUTO of some': calling('AUTO', 'traffic'),
  'calling: NONE': calling('NONE'),
  'calling: ANY': calling('ANY'),
  'calling: ANY of one': calling('ANY', 'weather'),
  'calling: VALIDATED': calling('VALIDATED'),
  'a function by JSON schema, and one without input': {
    ...hi,
    tools: [
      {
        functionDeclarations: [
          { name: 'weather', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } },
          { name: 'now' },
        ],
      },
    ],
  },
  'tools of the vendor: search': { ...hi, tools: [{ googleSearch: {} }] },
  'tools of the vendor: code execution': { ...hi, tools: [{ codeExecution: {} }] },
  'what the vendor did itself': {
    contents: [
      user(said('2 to the 10th?')),
      model(
        { executableCode: { language: 'PYTHON', code: '2**10' } },
        { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1024' } },
        said('1024.'),
      ),
      user(said('And the 11th?')),
    ],
  },
  'image and sound and PDF': {
    contents: [user(media('image/png', PIXEL), media('audio/wav', 'UklGRg=='), media('application/pdf', 'JVBERi0='))],
  },
  'image and PDF': { contents: [user(media('image/png', PIXEL), media('application/pdf', 'JVBERi0='), said('Both?'))] },
  'image and PDF by URL': {
    contents: [
      user(
        { fileData: { mimeType: 'image/png', fileUri: 'https://example.com/a.png' } },
        { fileData: { mimeType: 'application/pdf', fileUri: 'https://example.com/b.pdf' } },
      ),
    ],
  },
  'image that a model made': {
    contents: [user(said('Draw.')), model(said('Here.'), media('image/png', PIXEL)), user(said('Describe it.'))],
  },
  'JSON by a schema': config({ responseMimeType: 'application/json', responseSchema: SCHEMA }),
  'JSON by a JSON schema that is hard to hold to': config({
    responseMimeType: 'application/json',
    responseJsonSchema: {
      type: 'object',
      properties: { size: { type: 'integer', minimum: 1 }, 'a/b': { type: 'string' } },
      required: ['size'],
    },
  }),
  'any JSON': config({ responseMimeType: 'application/json' }),
  numbers: config({ maxOutputTokens: 99, temperature: 1.5, topP: 0.9, topK: 5, seed: 7, stopSequences: ['END'] }),
  penalties: config({ presencePenalty: 0.5, frequencyPenalty: -0.5 }),
  'log probabilities': config({ responseLogprobs: true, logprobs: 2 }),
  'several answers': config({ candidateCount: 2 }),
  'a budget for thoughts': config({ thinkingConfig: { thinkingBudget: 8_192, includeThoughts: true } }),
  'no thoughts': config({ thinkingConfig: { thinkingBudget: 0 } }),
  'a level of thinking': config({ thinkingConfig: { thinkingLevel: 'LOW' } }),
  'thoughts: signed by Gemini': afterThoughts('c2ln'),
  'thoughts: signed by Anthropic': carried({
    protocol: 'anthropic-messages',
    value: { type: 'thinking', thinking: 'They want …', signature: 'EqQB' },
  }),
  'thoughts: encrypted by OpenAI': carried({
    protocol: 'openai-responses',
    value: { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
  }),
  'thoughts: signed on Bedrock': carried({
    protocol: 'bedrock-converse',
    value: { reasoningContent: { reasoningText: { text: 'They want …', signature: 'EqQB' } } },
  }),
  'thoughts: signed at OpenRouter': carried({
    protocol: 'openai-chat',
    value: { reasoning_details: [{ type: 'reasoning.text', text: 'They want …', signature: 'EqQB', index: 0 }] },
  }),
  'hints of Google': {
    ...hi,
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    labels: { team: 'a' },
    generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_LOW' },
  },
  'a service tier': { ...hi, serviceTier: 'flex' },
};
