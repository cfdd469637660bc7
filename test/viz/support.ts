import { expect } from 'vitest';

/** Names of elements, in order; throws unless the document is well-formed in the small part of XML that pictures and reports use. */
export function elementsOf(svg: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: (typeof found)[number][] = [];
  const token = /<\/(\w+)>|<(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<>]+)/gy;
  for (let at = 0; at < svg.length; at = token.lastIndex) {
    token.lastIndex = at;
    const [, closed, name, attributes = '', empty, text] = token.exec(svg) ?? expect.unreachable(`not XML at ${svg.slice(at, at + 40)}`);
    if (closed !== undefined) expect(open.pop()?.name).toBe(closed);
    if (text !== undefined && open.length > 0) open.at(-1)!.text += text;
    if (name === undefined) continue;
    const item = {
      name,
      attributes: Object.fromEntries([...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
      text: '',
    };
    found.push(item);
    if (empty === '') open.push(item);
  }
  expect(open).toEqual([]);
  for (const { text } of found) expect(text.replace(/&(amp|lt|gt|quot);/g, '')).not.toContain('&');
  return found;
}
