/**
 * What one process of a host asks of another: a name on the wire, with the types of what is sent and what comes back. Both travel
 * by structured clone (bigint, Map and undefined survive; functions and classes do not).
 */
export interface Topic<Question, Answer> {
  readonly name: string;
  /** Never there: it only carries the types. */
  readonly means?: (question: Question) => Answer;
}

export const topic = <Question, Answer = void>(name: string): Topic<Question, Answer> => ({ name });
