/** Gemini's answers for tests, as its documentation shows them: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse */

export const geminiUsage = (prompt: number, candidates: number, more: object = {}) => ({
  promptTokenCount: prompt,
  candidatesTokenCount: candidates,
  totalTokenCount: prompt + candidates,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
  ...more,
});

export const content = (parts: readonly object[], more: object = {}, finishReason = 'STOP') => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }],
  usageMetadata: geminiUsage(10, 5),
  modelVersion: 'gemini-3-flash-preview-001',
  responseId: 'fake',
  ...more,
});

export const said = (words: string, more: object = {}) => ({ text: words, ...more });

export const functionCall = (id: string, city: string, more: object = {}) => ({
  functionCall: { name: 'weather', args: { city }, id },
  ...more,
});

const frame = (chunk: object): string => `data: ${JSON.stringify(chunk)}\r\n\r\n`;

/** The stream of a whole answer: text in halves, the signature on the last, running totals of the usage in every chunk. */
export function contentFrames(whole: ReturnType<typeof content>, options: { end?: boolean } = {}): string[] {
  const { candidates, usageMetadata, ...head } = whole;
  const [{ content: said, finishReason }] = candidates as [(typeof candidates)[0]];
  const pieces = (said.parts as any[]).flatMap(piecesOf);
  const chunks = pieces.map((part: object, at) => {
    const isLast = at === pieces.length - 1 && options.end !== false;
    const usage = isLast ? usageMetadata : { ...geminiUsage(usageMetadata.promptTokenCount, at) };
    const candidate = { content: { parts: [part], role: 'model' }, ...(isLast && { finishReason }), index: 0 };
    return { ...head, candidates: [candidate], usageMetadata: usage };
  });
  return chunks.map(frame);
}

export const geminiError = (code: number, status: string, message: string, details: object[] = []) => ({
  error: { code, message, status, details },
});

export const geminiErrorFrame = (code: number, status: string, message: string): string =>
  frame(geminiError(code, status, message));

function piecesOf(part: any): object[] {
  if (typeof part.text !== 'string' || part.text.length < 2) return [part];
  const { text, thoughtSignature, ...more } = part;
  const half = text.length >> 1;
  return [
    { ...more, text: text.slice(0, half) },
    { ...more, text: text.slice(half), ...(thoughtSignature && { thoughtSignature }) },
  ];
}
