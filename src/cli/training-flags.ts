/** The training flags of the command: they follow the tables of options, which say what each is called, takes and belongs to. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { OptionCheck } from '../arguments.js';
import { ParameterError } from '../errors.js';
import { type RunRate, type RunSettings, rateText } from '../runs/settings.js';
import { algorithmNames, algorithms } from '../training/algorithms.js';
import type { Entry, Flag } from '../training/entry.js';
import { optimisers } from '../training/optimisers.js';
import { type Given, settingRows } from '../training/options.js';
import { recipeNames } from '../training/recipe.js';
import { UsageError } from './failures.js';
import { integer, learningRate, oneOf, toNumber } from './options.js';

/** Flags as typed, by the name that commander gives them (`learningRate`); what was not typed is absent. */
export type TypedFlags = Readonly<Record<string, unknown>>;

/** What an algorithm or an optimiser is called in the options of `fit`. */
type Choice = 'algorithm' | 'optimiser';

/** One flag of the command. */
interface TrainingFlag extends Flag {
  /** The name of its option. */
  readonly option: string;
  /** What its option belongs to, and which of those have it; null: to the run. */
  readonly of: { readonly choice: Choice; readonly names: string[] } | null;
  readonly parse: ((text: string) => unknown) | null;
}

type Rows = Readonly<Record<string, Entry<unknown, never>>>;

/** Algorithms that learn from rows of the visible units alone: the others need rows of every layer. */
const learnable = algorithmNames.filter((name) => name !== 'pseudo-likelihood');

const choices: Readonly<
  Record<Choice, { readonly names: readonly string[]; readonly table: Readonly<Record<string, Rows>>; readonly usual: string }>
> = {
  algorithm: { names: learnable, table: algorithms, usual: 'pcd' },
  optimiser: { names: Object.keys(optimisers), table: optimisers, usual: 'sgd' },
};

/** Gives errors as commander ends its own sentence. */
class FlagCheck extends OptionCheck {
  override error(_name: string, expected: string, _value: unknown, hint = ''): ParameterError {
    return new ParameterError(`Expected ${expected}${hint}.`);
  }
}

const check = new FlagCheck('train');

/** A parser that takes what the row of an option takes. */
function parser(flag: Flag, option: string, { read }: Entry<unknown, never>): TrainingFlag['parse'] {
  if (flag.kind === 'off') return null;
  return (text) => {
    const value = flag.kind === 'number' ? toNumber(text) : text;
    try {
      read(check, option, value, {} as never);
    } catch (error) {
      throw error instanceof ParameterError ? new InvalidArgumentError(error.message) : error;
    }
    return value;
  };
}

function flagsOf(choice: Choice): TrainingFlag[] {
  const { names, table, usual } = choices[choice];
  const found = new Map<string, TrainingFlag>();
  for (const name of names) {
    for (const [option, row] of Object.entries(table[name] ?? {})) {
      const { flag } = row;
      const known = flag && found.get(flag.name);
      if (known !== undefined) known.of?.names.push(name);
      else if (flag !== undefined)
        found.set(flag.name, { ...flag, option, of: { choice, names: [name] }, parse: parser(flag, option, row) });
    }
  }
  const own = [...found.values()].map((flag) => {
    const those = flag.of?.names ?? [];
    return those.includes(usual) ? flag : { ...flag, text: `of ${those.join(', ')}: ${flag.text}` };
  });
  const text = `${names.join(', ')} (default: ${usual})`;
  return [{ name: choice, value: 'name', kind: 'word', text, option: choice, of: null, parse: oneOf(...names) }, ...own];
}

const settingFlags: TrainingFlag[] = Object.entries(settingRows as Rows).flatMap(([option, row]) =>
  row.flag === undefined ? [] : [{ ...row.flag, option, of: null, parse: parser(row.flag, option, row) }],
);

const runFlags: TrainingFlag[] = [
  {
    name: 'learning-rate',
    alias: 'lr',
    value: 'rate',
    kind: 'rate',
    text: '0.05, linear:from[:to[:hold]] or cosine:… (default: linear:0.1:0:0.3, lower for real numbers and for adam)',
    option: 'learningRate',
    of: null,
    parse: learningRate,
  },
  {
    name: 'recipe',
    value: 'name',
    kind: 'word',
    text: 'what stands for options left out: usual, 30,000 updates, or best, 350,000 and at most 700 passes (default: usual)',
    option: 'recipe',
    of: null,
    parse: oneOf(...recipeNames),
  },
];

const bestFlags: TrainingFlag[] = [
  {
    name: 'early-stopping',
    value: 'reports',
    kind: 'number',
    text: 'end after so many epochs without a better one, and keep the best; judged by --evaluate-every, else by the pseudo-likelihood',
    option: 'best',
    of: null,
    parse: integer(1),
  },
  {
    name: 'keep-best',
    kind: 'on',
    text: 'end with the parameters of the best epoch, judged likewise',
    option: 'best',
    of: null,
    parse: null,
  },
];

/** All of them, in the order of the help. */
const flags: readonly TrainingFlag[] = [...flagsOf('algorithm'), ...flagsOf('optimiser'), ...runFlags, ...settingFlags, ...bestFlags];

/** `--no-centred` is `centred` to commander. */
function attribute({ name }: Flag): string {
  return name.replace(/^no-/, '').replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Adds the flags to a command. */
export function addTrainingFlags(command: Command): Command {
  for (const { name, alias, value, text, parse } of flags) {
    const option = new Option(`${alias === undefined ? '' : `--${alias}, `}--${name}${value === undefined ? '' : ` <${value}>`}`, text);
    if (parse !== null) option.argParser(parse);
    command.addOption(option);
  }
  return command;
}

/** The flags among options as typed. */
export function typedFlags(typed: Readonly<Record<string, unknown>>): TypedFlags {
  const names = flags.map(attribute).filter((name) => typed[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, typed[name]]));
}

/** Refuses flags of other algorithms and optimisers than those that the run has. */
function checkChoices(typed: TypedFlags, chosen: Readonly<Record<Choice, string>>): void {
  for (const { name, of, ...flag } of flags) {
    if (of === null || typed[attribute({ name, ...flag })] === undefined || of.names.includes(chosen[of.choice])) continue;
    throw new UsageError(`--${name} belongs to --${of.choice} ${of.names.join(', ')}; ${chosen[of.choice]} has no such option`);
  }
  if (typed.earlyStopping !== undefined && typed.keepBest !== undefined) {
    throw new UsageError('--early-stopping and --keep-best exclude each other', '--early-stopping keeps the best state too');
  }
}

/**
 * The options of `fit` that typed flags and, for what was not typed, an earlier run ask for.
 *
 * @throws UsageError on a flag that does not belong to the algorithm or optimiser.
 */
export function givenOptions(typed: TypedFlags, kept: RunSettings | null = null): Given {
  const choose = (choice: Choice): { readonly name: string } => {
    const before = kept?.[choice];
    const name = (typed[choice] as string | undefined) ?? before?.name ?? choices[choice].usual;
    return before?.name === name ? before : { name };
  };
  const chosen = { algorithm: choose('algorithm'), optimiser: choose('optimiser') };
  checkChoices(typed, { algorithm: chosen.algorithm.name, optimiser: chosen.optimiser.name });
  const own = (choice: Choice | null): Readonly<Record<string, unknown>> => {
    const those = flags.filter((flag) => (flag.of?.choice ?? null) === choice && typed[attribute(flag)] !== undefined);
    return Object.fromEntries(those.map((flag) => [flag.option, typed[attribute(flag)]]));
  };
  return {
    ...kept,
    ...own(null),
    algorithm: { ...chosen.algorithm, ...own('algorithm') },
    optimiser: { ...chosen.optimiser, ...own('optimiser') },
  };
}

/** What settings have for a flag. */
function valueFor({ name, option, of }: TrainingFlag, settings: RunSettings): unknown {
  if (of !== null) return (settings[of.choice] as Readonly<Record<string, unknown>>)[option];
  if (name === 'algorithm' || name === 'optimiser') return settings[name].name;
  if (name === 'early-stopping') return settings.best?.patience ?? null;
  if (name === 'keep-best') return settings.best !== null && settings.best.patience === null;
  return settings[option as keyof RunSettings];
}

/** Refuses flags that say otherwise than an interrupted run, which keeps its settings. */
export function checkSameFlags(typed: TypedFlags, asked: RunSettings, kept: RunSettings): void {
  for (const flag of flags) {
    if (typed[attribute(flag)] === undefined) continue;
    const [is, was] = [valueFor(flag, asked), valueFor(flag, kept)];
    if (JSON.stringify(is) === JSON.stringify(was)) continue;
    const name = `--${flag.alias ?? flag.name}`;
    const option = flag.value === undefined ? name : `${name} ${flagText(typed[attribute(flag)])}`;
    throw new UsageError(`\`${option}\`: the run to resume has ${flagText(was)}`, '--resume keeps the settings of the run');
  }
}

/** A value as it would be typed. */
export function flagText(value: unknown): string {
  if (Array.isArray(value)) return String(value.length);
  if (typeof value !== 'object') return String(value);
  if (value === null) return 'none';
  return 'schedule' in value ? rateText(value as RunRate) : 'retries' in value ? 'rollback' : JSON.stringify(value);
}

/** Settings as flags, for a command that makes the same run; those that are what they would be anyway are left out. */
export function flagsOfSettings(settings: RunSettings): string[] {
  const chosen: Readonly<Record<Choice, string>> = { algorithm: settings.algorithm.name, optimiser: settings.optimiser.name };
  return flags.flatMap((flag) => {
    if (flag.of !== null && !flag.of.names.includes(chosen[flag.of.choice])) return [];
    const value = valueFor(flag, settings);
    if (flag.kind === 'off') return value === false ? [`--${flag.name}`] : [];
    if (flag.kind === 'on') return value === true ? [`--${flag.name}`] : [];
    return value === null || value === undefined ? [] : [`--${flag.name} ${flagText(value)}`];
  });
}
