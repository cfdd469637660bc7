/** Answers as text by what was asked, the latest asked for, in bounded memory: a recommender that is served does not change. */
export class AnswerCache {
  readonly #kept = new Map<string, string>();
  #bytes = 0;

  /** @param most - Bytes, counted as two for each character. */
  constructor(private readonly most: number) {}

  get(question: string): string | undefined {
    const answer = this.#kept.get(question);
    if (answer === undefined) return undefined;
    this.#kept.delete(question);
    this.#kept.set(question, answer);
    return answer;
  }

  set(question: string, answer: string): void {
    const bytes = size(question, answer);
    if (bytes > this.most || this.#kept.has(question)) return;
    this.#kept.set(question, answer);
    this.#bytes += bytes;
    for (const [oldest, text] of this.#kept) {
      if (this.#bytes <= this.most) break;
      this.#kept.delete(oldest);
      this.#bytes -= size(oldest, text);
    }
  }
}

function size(question: string, answer: string): number {
  return 2 * (question.length + answer.length);
}
