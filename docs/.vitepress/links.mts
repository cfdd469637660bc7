import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

/** What becomes a page of the site. */
const page = /^(?:README|CHANGELOG|docs\/.+)\.md$/;

/**
 * Links to files that are no pages, such as examples: they lead to the public repository where package.json names one, and are plain text
 * until then. A link to a page, or to nothing at all, stays as it is, so that the build complains about what is missing.
 */
export function linkFiles(markdown: MarkdownRenderer, root: string, repository: string | undefined): void {
  markdown.core.ruler.push('files', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.type === 'link_open' ? String(token.attrGet('href')) : '#';
      if (/^(?:#|[a-z]+:)/.test(target)) continue;
      const path = join(dirname(env.relativePath as string), target.replace(/#.*$/, ''));
      if (page.test(path) || !existsSync(join(root, path))) continue;
      if (repository === undefined) token.attrs = (token.attrs ?? []).filter(([name]) => name !== 'href');
      else token.attrSet('href', `${repository}/blob/main/${path}`);
    }
  });
}
