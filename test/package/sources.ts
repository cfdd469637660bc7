import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One source file: its path from the package's folder with forward slashes, and its text. */
export interface SourceFile {
  path: string;
  text: string;
}

/** All files below `folder` (from the package's folder) whose names match, in the order of their paths. */
export function sourcesIn(folder: string, name: RegExp): SourceFile[] {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return files.sort().map((file) => ({ path: relative(root, file).split(sep).join('/'), text: readFileSync(file, 'utf8') }));
}
