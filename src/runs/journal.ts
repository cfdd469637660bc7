import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EpochRecord, type JournalEntry, journalEntrySchema, type RunRecord } from './record.js';

/**
 * Epochs since `run.json` was last written, one JSON object per line; gone when that file holds
 * them.
 */
export const JOURNAL = 'run.epochs.jsonl';

/**
 * Adds an epoch to a history. After a roll-back a run comes by the same epochs again: they take the
 * place of the old ones.
 */
export function addEpoch(history: EpochRecord[], report: EpochRecord): void {
  while ((history.at(-1)?.update ?? -1) >= report.update) history.pop();
  history.push(report);
}

/**
 * Writes down each epoch as it comes. The line is with the system before anything else happens, so
 * a run that is killed has told every epoch that its checkpoint knows of. A long run's `run.json`
 * need not be written again and again.
 */
export class RunJournal {
  readonly #path: string;
  readonly #file: number;

  /** Begins anew. A link of that name is not followed. */
  constructor(folder: string) {
    this.#path = join(folder, JOURNAL);
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0 } = constants;
    this.#file = openSync(this.#path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o666);
  }

  add(entry: JournalEntry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** Takes the journal away: the record holds it all. */
  remove(): void {
    closeSync(this.#file);
    unlinkSync(this.#path);
  }
}

/**
 * Takes away the journal of a run whose record holds it all, but which was killed before it could
 * do so itself.
 */
export async function removeJournal(folder: string): Promise<void> {
  await rm(join(folder, JOURNAL), { force: true });
}

/** Lines up to the first that is not whole: a kill may have come in the middle of it. */
async function readEntries(folder: string): Promise<JournalEntry[]> {
  const text = await readFile(join(folder, JOURNAL), 'utf8').catch(() => '');
  const entries: JournalEntry[] = [];
  for (const line of text.split('\n')) {
    try {
      entries.push(journalEntrySchema.parse(JSON.parse(line)));
    } catch {
      break;
    }
  }
  return entries;
}

/** Adds to a record what its journal knows beyond it. */
export async function withJournal(folder: string, record: RunRecord): Promise<RunRecord> {
  for (const { seconds, report } of await readEntries(folder)) {
    addEpoch(record.history, report);
    record.update = Math.max(record.update, report.update);
    record.seconds = Math.max(record.seconds, seconds);
  }
  return record;
}
