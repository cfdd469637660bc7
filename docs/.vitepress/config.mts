/** The site that `npm run docs` builds: README.md, the guides, the other pages of docs/, and the reference that typedoc wrote. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { linkFiles } from './links.mts';
import { pagesIn } from './sidebar.mts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { description, repository } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  description: string;
  repository?: { url: string };
};
const address = repository?.url.replace(/^git\+|\.git$/g, '');
const pages = pagesIn(root, 'docs', false).filter((item) => item.link !== undefined);

export default defineConfig({
  title: 'boltzkit',
  description,
  srcDir: '..',
  srcExclude: ['{.ci,bench,build,dist,mnist-run,node_modules,test}/**'],
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: true,
  lastUpdated: false,
  vite: { build: { chunkSizeWarningLimit: 4000 } }, // the search index
  markdown: { config: (markdown) => linkFiles(markdown, root, address) },
  themeConfig: {
    search: { provider: 'local' },
    outline: 'deep',
    sidebar: [
      { text: 'boltzkit', link: '/' },
      { text: 'Guides', items: pagesIn(root, 'docs/guides') },
      { text: 'Behind it', items: pages },
      { text: 'Reference', link: '/docs/api/', items: pagesIn(root, 'docs/api') },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
    ...(address === undefined ? {} : { socialLinks: [{ icon: 'github', link: address }] }),
  },
});
