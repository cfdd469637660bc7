import type { OptionCheck } from '../arguments.js';

/** How the command line takes an option: `--name <value>`, or a switch: 'off' (`--no-name`) or 'on'. */
export interface Flag {
  readonly name: string;
  /** A shorter word for the same. */
  readonly alias?: string;
  /** What the value is called in the help; none for switches. */
  readonly value?: string;
  readonly kind: 'number' | 'word' | 'rate' | 'off' | 'on';
  /** One line of help, with the default. */
  readonly text: string;
}

/**
 * An option: its check, its default, and its flag if it has one. Everything that knows of options follows these rows: reading, refusing,
 * resuming, files, the command line.
 */
export interface Entry<T, D = unknown> {
  /** Checks a value as given; undefined: the default, which may depend on what is known of the run. */
  readonly read: (check: OptionCheck, name: string, value: unknown, defaults: D) => T;
  readonly flag?: Flag;
}

/** The values that a table of options is read into. */
export type Values<Table> = { readonly [K in keyof Table]: Table[K] extends { read: (...given: never) => infer T } ? T : never };
