/** What callers of each dialect send for a stream, the same short conversation, and how they read what comes. */
import { chatBody } from './bodies.mjs';

const [system, ...turns] = JSON.parse(chatBody(600)).messages;
const json = value => Buffer.from(JSON.stringify(value));

export const chat = {
  title: 'OpenAI chat',
  path: () => '/v1/chat/completions',
  body: model => chatBody(600, { model, stream: true }),
  /** What every stream ends with. */
  end: /data: \[DONE\]\n\n$/,
  textOf: event => event.choices[0].delta.content,
};

export const messages = {
  title: 'Anthropic Messages',
  path: () => '/v1/messages',
  body: model =>
    json({ model, max_tokens: 1_024, stream: true, temperature: 0.2, system: system.content, messages: turns }),
  end: /"type":"message_stop"\}\n\n$/,
  textOf: event => event.delta?.text,
};

const contents = turns.map(({ role, content }) => ({
  role: role === 'user' ? 'user' : 'model',
  parts: [{ text: content }],
}));

export const gemini = {
  title: 'Gemini',
  path: model => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
  body: () =>
    json({
      systemInstruction: { parts: [{ text: system.content }] },
      contents,
      generationConfig: { temperature: 0.2, maxOutputTokens: 1_024 },
    }),
  end: /\}\r?\n\r?\n$/,
  textOf: event => event.candidates[0].content.parts.map(part => part.text).join(''),
};
