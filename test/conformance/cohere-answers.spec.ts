import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnswerEvent } from '../../src/protocols/answer-event.js';
import { cohereChat } from '../../src/protocols/cohere-chat/index.js';
import { dataOf, eachFrame, FrameGatherer } from '../../src/protocols/sse.js';
import { tokensOf } from '../../src/protocols/usage.js';
import { describeWith, materials } from '../support/materials.js';
import { closed } from './support/expected.js';
import { Seeded } from './support/seeded.js';

const folder = materials('recordings', 'reading recorded answers of Cohere');

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly body: any;
}

function recorded(recordings: string): Recorded[] {
  return readdirSync(join(recordings, 'cohere')).flatMap(file => {
    const { exchanges } = JSON.parse(readFileSync(join(recordings, 'cohere', file), 'utf8'));
    return (exchanges as any[]).flatMap(({ request, response }, index) => {
      const isChat = request ? request.url.endsWith('/v2/chat') : file.startsWith('vercel-ai');
      return isChat ? [{ name: `${file}#${index}`, status: response.status, body: response.body }] : [];
    });
  });
}

/** The vendor's own events put together by index, as its reference says: https://docs.cohere.com/reference/chat-stream */
function assembled(stream: string): any {
  const message: any = { content: [], tool_plan: '', tool_calls: [] };
  const answer: any = { message };
  for (const [, data] of stream.matchAll(/^data: (\{.*)$/gm)) {
    const { type, index, id, delta } = JSON.parse(data!);
    const said = delta?.message;
    if (type === 'message-start') answer.id = id;
    if (type === 'content-start') message.content[index] = { text: '', thinking: '', ...said.content };
    if (type === 'content-delta')
      for (const [field, piece] of Object.entries(said.content)) message.content[index][field] += piece as string;
    if (type === 'tool-plan-delta') message.tool_plan += said.tool_plan;
    if (type === 'tool-call-start') message.tool_calls[index] = said.tool_calls;
    if (type === 'tool-call-delta') message.tool_calls[index].function.arguments += said.tool_calls.function.arguments;
    if (type === 'message-end') Object.assign(answer, delta);
  }
  return answer;
}

const FINISH: Readonly<Record<string, string>> = { COMPLETE: 'stop', MAX_TOKENS: 'length', TOOL_CALL: 'tool-calls' };

function expectedMeaning({ message, finish_reason, usage }: any) {
  const { content = [], tool_plan = '', tool_calls = [] } = message;
  const joined = (field: string) => content.map((part: any) => part[field] ?? '').join('');
  return {
    content: joined('text'),
    reasoning: joined('thinking') + tool_plan,
    toolCalls: tool_calls.map((call: any) => [
      call.id,
      call.function.name,
      JSON.parse(call.function.arguments || '{}') ?? {},
    ]),
    finish: FINISH[finish_reason],
    charged: usage.billed_units.input_tokens + usage.billed_units.output_tokens,
  };
}

function meaningOf(events: readonly AnswerEvent[]) {
  let [content, reasoning] = ['', ''];
  const calls: { id: string; name: string; json: string }[] = [];
  for (const event of events) {
    if (event.type === 'text-delta') content += event.text;
    else if (event.type === 'reasoning-delta') reasoning += event.text;
    else if (event.type === 'tool-call-start') calls.push({ ...event, json: '' });
    else if (event.type === 'tool-input-delta') calls.at(-1)!.json += event.json;
  }
  return {
    content,
    reasoning,
    toolCalls: calls.map(({ id, name, json }) => [id, name, JSON.parse(json)]),
    finish: events.find(event => event.type === 'answer-end')?.stopReason,
    charged: tokensOf(events.findLast(event => event.type === 'usage')!.usage),
  };
}

function eventsOf(name: string, stream: string): AnswerEvent[] {
  const gatherer = new FrameGatherer(1 << 25);
  const reader = cohereChat.answerReader();
  return new Seeded(name).split(Buffer.from(closed(stream)), 24).flatMap(piece =>
    [...eachFrame(gatherer.push(piece))].flatMap(frame => {
      const data = dataOf(frame);
      return data === undefined ? [] : reader.push(cohereChat.parseEvent!(data));
    }),
  );
}

describeWith(folder, "Cohere's recorded answers, read for callers of other dialects", recordings => {
  it.each(recorded(recordings).map(one => [one.name, one] as const))('%s', (name, { status, body }) => {
    if (status >= 400) {
      const code = status === 400 ? 'context_length_exceeded' : 'upstream_error';
      expect(cohereChat.readError(status, JSON.stringify(body), {})).toMatchObject({ code });
      return;
    }
    const answer = typeof body === 'string' ? assembled(body) : body;
    const events = typeof body === 'string' ? eventsOf(name, body) : cohereChat.readAnswer(body);
    expect(meaningOf(events)).toEqual(expectedMeaning(answer));
    expect(events[0]).toMatchObject({ type: 'answer-start', id: answer.id });
  });
});
