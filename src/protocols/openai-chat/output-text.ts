interface Piece {
  content?: unknown;
  reasoning_content?: unknown;
  reasoning?: unknown;
  refusal?: unknown;
  tool_calls?: { function?: { name?: unknown; arguments?: unknown } }[] | null;
}

interface Choices {
  choices?: { delta?: Piece; message?: Piece }[] | null;
}

/** All text that a model wrote in these SSE frames, or in this whole answer: what a tokenizer counts when the vendor never said. */
export function outputTextIn(frames: string): string {
  const lines = frames.startsWith('{') ? [frames] : frames.split(/\r\n|\r|\n/).filter(line => line.startsWith('data:'));
  let text = '';
  for (const line of lines) {
    for (const choice of parse(line.replace(/^data:\s*/, '')).choices ?? [])
      text += textOf(choice.delta ?? choice.message ?? {});
  }
  return text;
}

function textOf(piece: Piece): string {
  const parts = [piece.reasoning_content ?? piece.reasoning, piece.content, piece.refusal];
  for (const call of piece.tool_calls ?? []) parts.push(call.function?.name, call.function?.arguments);
  return parts.filter(part => typeof part === 'string').join('');
}

function parse(json: string): Choices {
  try {
    return (JSON.parse(json) ?? {}) as Choices;
  } catch {
    return {}; // `[DONE]`, or half a frame: nothing that a caller could have read
  }
}
