import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';

type Item = DefaultTheme.SidebarItem;

/** One entry for each page in a folder of the repository and one group for each folder in it, in the order of their names. */
export function pagesIn(root: string, folder: string, collapsed = true): Item[] {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) => a.name.localeCompare(b.name));
  const pages = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.md') && !/^(README|index)\.md$/.test(entry.name));
  const folders = entries.filter((entry) => entry.isDirectory());
  return [
    ...pages.map(({ name }) => ({ text: titleOf(join(root, folder, name)), link: `/${folder}/${name.replace(/\.md$/, '')}` })),
    ...folders.map(({ name }) => ({ text: name, collapsed, items: pagesIn(root, `${folder}/${name}`, collapsed) })),
  ].filter((item) => !('items' in item) || item.items.length > 0);
}

/** The first heading of a page, without what makes it a heading. */
function titleOf(file: string): string {
  const title = /^# (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? file;
  return title.replace(/^(?:Abstract )?(?:Class|Function|Interface|Type Alias|Variable): /, '').replace(/\\|[`*]/g, '');
}
