/** Where a command writes: text for people, or with `--json` one JSON object per line and nothing else on stdout. */
export class Output {
  readonly json: boolean;
  /** Whether stdout is a terminal that can redraw a line. */
  readonly interactive: boolean;
  #closed = false;

  constructor(json: boolean, stream: NodeJS.WriteStream = process.stdout) {
    this.json = json;
    this.interactive = !json && stream.isTTY === true && process.env.TERM !== 'dumb';
    // A reader that went away (`| head`) must not turn into a stack trace, nor end a training run.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#closed = true;
    });
  }

  /** A line for people; silent with `--json`. */
  line(text = ''): void {
    if (!this.json) this.#write(text);
  }

  /** A record for scripts; silent without `--json`. Numbers that JSON cannot hold become null. */
  record(value: object): void {
    if (this.json) this.#write(JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? jsonInteger(item) : item)));
  }

  #write(text: string): void {
    if (!this.#closed) process.stdout.write(`${text}\n`);
  }
}

/** A bigint as a number where that is exact, else as a string. */
export function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : value.toString();
}
