import OpenAI from 'openai';

/** What the official SDK made of an answer: everything that a program would act on. */
export interface Reading {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly ChoiceReading[];
  readonly usage?: unknown;
  /** The class that the SDK threw, and what it says. */
  readonly error?: { readonly kind: string; readonly status: number | undefined; readonly code: unknown };
}

export interface ChoiceReading {
  readonly index: number;
  /** Text, or the parts where a vendor answers in parts. */
  readonly content: unknown;
  /** By whatever name. */
  readonly reasoning: string;
  /** By the name that contract §4 promises. */
  readonly reasoningContent: string;
  readonly refusal: string;
  readonly toolCalls: readonly { readonly id: unknown; readonly name: string; readonly input: unknown }[];
  readonly finishReason: string | null;
  /** What of another protocol must come home. */
  readonly sealed: string;
}

interface Heard {
  content: string;
  parts: unknown[];
  reasoning: string;
  reasoningContent: string;
  refusal: string;
  sealed: string;
  calls: { id: unknown; name: string; input: string }[];
  finishReason: string | null;
}

/**
 * Read one answer with the official SDK, whole or streamed. Errors are readings too.
 * @param errorDetail the SDK's error, for what only an error test looks at
 */
export async function readWithSdk(
  client: OpenAI,
  body: Record<string, any>,
  onResponse?: (response: Response) => void,
): Promise<Reading> {
  try {
    const { data, response } = await client.chat.completions.create(body as any).withResponse();
    onResponse?.(response);
    return body.stream === true ? await readChunks(data as any) : readWhole(data);
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    onResponse?.(new Response(null, { status: error.status ?? 599, headers: error.headers }));
    return { error: { kind: error.constructor.name, status: error.status, code: error.code } };
  }
}

function readWhole(answer: any): Reading {
  const choices = (answer.choices as any[]).map((choice): ChoiceReading => {
    const heard = newHeard();
    hear(heard, choice.message ?? {});
    return reading(choice.index, { ...heard, finishReason: choice.finish_reason ?? null });
  });
  return { id: answer.id, model: answer.model, choices, usage: answer.usage };
}

async function readChunks(chunks: AsyncIterable<any>): Promise<Reading> {
  const heard = new Map<number, Heard>();
  const said: { id?: string; model?: string; usage?: unknown } = {};
  for await (const chunk of chunks) {
    said.id ||= chunk.id;
    said.model ||= chunk.model;
    said.usage = chunk.usage ?? chunk.x_groq?.usage ?? chunk.choices?.[0]?.usage ?? said.usage;
    for (const choice of chunk.choices ?? []) {
      const choiceHeard = heard.get(choice.index) ?? newHeard();
      heard.set(choice.index, choiceHeard);
      hear(choiceHeard, choice.delta ?? {});
      choiceHeard.finishReason = choice.finish_reason ?? choiceHeard.finishReason;
    }
  }
  return { ...said, choices: [...heard].sort(([a], [b]) => a - b).map(([index, one]) => reading(index, one)) };
}

const newHeard = (): Heard => ({
  ...{ content: '', parts: [], calls: [], finishReason: null },
  ...{ reasoning: '', reasoningContent: '', refusal: '', sealed: '' },
});

/** A message, or a piece of one. */
function hear(heard: Heard, piece: any): void {
  if (typeof piece.content === 'string') heard.content += piece.content;
  else for (const part of piece.content ?? []) hearPart(heard, part);
  heard.reasoning += piece.reasoning_content ?? piece.reasoning ?? '';
  heard.reasoningContent += piece.reasoning_content ?? '';
  heard.refusal += piece.refusal ?? '';
  heard.sealed += piece.lazu_sealed ?? '';
  const calls: any[] = piece.tool_calls ?? (piece.function_call ? [{ index: 0, function: piece.function_call }] : []);
  calls.forEach((call, at) => {
    const known = (heard.calls[call.index ?? at] ??= { id: undefined, name: '', input: '' });
    known.id ??= call.id;
    known.name += call.function?.name ?? '';
    known.input += call.function?.arguments ?? '';
  });
}

/** Mistral's content in parts: what is thinking is reasoning (contract §4). */
function hearPart(heard: Heard, part: any): void {
  if (part.type === 'text') heard.content += part.text;
  else if (part.type === 'thinking') for (const thought of part.thinking) heard.reasoning += thought.text ?? '';
  else heard.parts.push(part);
}

const reading = (index: number, { content, parts, calls, ...rest }: Heard): ChoiceReading => ({
  index,
  content: parts.length > 0 ? [content, ...parts] : content,
  reasoning: rest.reasoning,
  reasoningContent: rest.reasoningContent,
  refusal: rest.refusal,
  toolCalls: calls.map(({ id, name, input }) => ({ id, name, input: parsed(input) })),
  finishReason: rest.finishReason,
  sealed: rest.sealed,
});

function parsed(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input; // a model may write what is no JSON; then both readers must show the same text
  }
}
