import { shellWord } from '../runs/format.js';
import type { RunRecord } from '../runs/record.js';
import { flagName } from './options.js';
import { flagsOfSettings } from './training-flags.js';

/** How to go on, ready to be copied into a shell. */
export function resumeCommand(folder: string): string {
  return `boltzkit train --resume --out ${shellWord(folder)}`;
}

/**
 * The commands that make this run, with everything that was chosen spelt out: one, and one more for
 * every time that it went on.
 */
export function trainCommand({ data, settings, earlier, loaded, evaluateEvery }: RunRecord, folder: string): string {
  const { source, seed: _seed, image, table, columns, ...request } = data;
  const [first = settings, ...later] = [...earlier.map((run) => run.settings), settings];
  const shape = image ?? loaded.image;
  const options = {
    ...request,
    binarise: request.binarise === 'none' ? null : request.binarise,
    image: source === 'mnist' || shape === null ? null : `${shape.height}x${shape.width}`,
    hidden: first.hidden,
    seed: first.seed,
    device: first.device,
    evaluateEvery,
    out: folder,
  };
  const flags = Object.entries(options).flatMap(([name, value]) =>
    value === null ? [] : [`${optionName(name)} ${shellWord(String(value))}`],
  );
  const typed = Object.entries(columns).map(([name, type]) => `--column ${shellWord(`${name}=${type}`)}`);
  const begin = ['boltzkit train', shellWord(source), ...flagsOfSettings(first), ...(table ? ['--table'] : []), ...typed, ...flags].join(
    ' ',
  );
  return [begin, ...later.map((run) => [resumeCommand(folder), ...flagsOfSettings(run)].join(' '))].join('\n');
}

/** What an option of the record is called on the command line. */
function optionName(name: string): string {
  return name === 'folder' ? '--data' : flagName(name);
}
