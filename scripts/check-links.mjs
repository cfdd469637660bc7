// Tells which relative links and pictures of README.md, CHANGELOG.md and docs/ lead to no file, or to no heading of it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** @typedef {{ file: string, line: number, target: string }} Link */

/** The links and pictures of a Markdown file that lead to no address of their own. Code is no link. @returns {Link[]} */
export function linksOf(file, text) {
  const forms = [/\]\(\s*<?([^)\s>]+)/g, /^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm, /<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"/g];
  return proseOf(text)
    .split('\n')
    .flatMap((line, index) => forms.flatMap((form) => [...line.matchAll(form)].map(([, target]) => ({ file, line: index + 1, target }))))
    .filter(({ target }) => !/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(target));
}

/** What the headings of a Markdown file are called in links, and the anchors set by hand. @returns {Set<string>} */
export function anchorsOf(text) {
  const used = new Map();
  const headings = [...proseOf(text, false).matchAll(/^ {0,3}#{1,6}\s+(.+?)\s*#*$/gm)].map(([, title]) => {
    const name = slug(title);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
  const own = [...text.matchAll(/<\w+\b[^>]*?\b(?:id|name)="([^"]+)"/g)].map(([, name]) => name);
  return new Set([...headings, ...own]);
}

/** The text with its lines where they are, but without blocks of code, and without code inside of lines if `inline`. */
function proseOf(text, inline = true) {
  const blank = (code) => code.replace(/[^\n]/g, ' ');
  const prose = text.replace(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\2`*\s*?$/gm, blank).replace(/<!--[\s\S]*?-->/g, blank);
  return inline ? prose.replace(/(`+)[^`\n](?:.*?[^`\n])?\1(?!`)/g, blank) : prose;
}

function slug(title) {
  const words = title.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/<[^>]+>/g, '');
  return words
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replace(/ /g, '-');
}

/** What is wrong with a link, or undefined. */
function fault(root, { file, target }) {
  const [path = '', anchor] = target.split('#').map(decodeURIComponent);
  const found = path === '' ? join(root, file) : resolve(root, dirname(file), path);
  const inside = relative(root, found);
  if (inside.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(found)) return 'leads to no file';
  if (anchor && found.endsWith('.md') && !anchorsOf(readFileSync(found, 'utf8')).has(anchor)) return 'leads to no heading of that file';
  return undefined;
}

/** All faults of the files, as sentences. @returns {string[]} */
export function brokenLinks(root, files) {
  const links = files.flatMap((file) => linksOf(file, readFileSync(join(root, file), 'utf8')));
  return links.flatMap((link) => {
    const wrong = fault(root, link);
    return wrong === undefined ? [] : [`${link.file}:${link.line}: ${link.target} ${wrong}`];
  });
}

function pages() {
  const generated = /^docs[\\/](?:api|\.vitepress)[\\/]/;
  const docs = readdirSync(join(packageRoot, 'docs'), { recursive: true }).map((path) => join('docs', path));
  return ['README.md', 'CHANGELOG.md', ...docs.filter((path) => path.endsWith('.md') && !generated.test(path)).sort()];
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const files = pages();
  const broken = brokenLinks(packageRoot, files);
  for (const line of broken) console.error(line.split(sep).join('/'));
  console.log(`${files.length} pages, ${broken.length} broken links`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}
