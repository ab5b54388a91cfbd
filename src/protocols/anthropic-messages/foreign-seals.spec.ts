import type { JsonObject } from '../protocol.js';
import { withoutForeignSeals } from './foreign-seals.js';
import { UNSIGNED, writeSeal } from './seals.js';

const seal = writeSeal({ protocol: 'gemini', value: { a: 1 } });
const own = { type: 'thinking', thinking: 'Mine.', signature: 'EqQB+/==' };
const text = { type: 'text', text: 'Hé "lazu_"' };
const stripped = (...content: JsonObject[]) => {
  const body = {
    model: 'm',
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content },
    ],
  };
  return withoutForeignSeals(Buffer.from(JSON.stringify(body)), () => body);
};

describe('trap 31: thoughts that Anthropic has not signed', () => {
  it('do not go there, others do', () => {
    const foreign = [
      { type: 'thinking', thinking: 'a', signature: seal },
      { type: 'thinking', thinking: 'b', signature: UNSIGNED },
      { type: 'redacted_thinking', data: seal },
    ];
    const result = stripped(foreign[0]!, own, foreign[1]!, text, foreign[2]!)!;
    expect((result.body.messages as JsonObject[])[1]).toEqual({ role: 'assistant', content: [own, text] });
    expect(result.dropped).toEqual(['messages.1.content.0', 'messages.1.content.2', 'messages.1.content.4']);
    expect(stripped(foreign[0]!)!.body.messages).toEqual([{ role: 'user', content: 'Hi' }]);
  });

  it('are looked for where their mark is, and nothing changes where there are none', () => {
    expect(stripped(own, text)).toBeUndefined();
    const never = () => {
      throw new Error('not parsed');
    };
    expect(withoutForeignSeals(Buffer.from('{"messages":[]}'), never)).toBeUndefined();
  });
});
