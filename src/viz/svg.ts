/** Attributes of an element; numbers are rounded to hundredths of a pixel. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Fonts that look much alike and of which every system has one. */
export const fonts = 'Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif';

/** An element. Content is markup already; everything else is escaped. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const text = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(String(value))}"`)
    .join('');
  return content === '' ? `<${name}${text}/>` : `<${name}${text}>${content}</${name}>`;
}

/** What an SVG document is made of. */
export interface DocumentParts {
  readonly width: number;
  readonly height: number;
  /** What readers who cannot see the picture are told: its name, and what it shows. */
  readonly title: string;
  readonly description: string;
  /** Markup. */
  readonly content: string;
}

/** An SVG document that tells screen readers what it shows. */
export function svgDocument({ width, height, title, description, content }: DocumentParts): string {
  const attributes = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${rounded(width)} ${rounded(height)}` };
  const told = `${element('title', {}, escaped(title))}\n${element('desc', {}, escaped(description))}`;
  return `${element('svg', { ...attributes, 'font-family': fonts, role: 'img' }, `\n${told}\n${content}\n`)}\n`;
}

/** A number as short as a hundredth of a pixel needs. */
export function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/**
 * Text that can stand in markup. Characters that XML does not allow become the replacement
 * character.
 */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** About how wide a text is in a sans-serif font of a size. */
export function textWidth(text: string, size: number): number {
  return text.length * size * 0.6;
}

/** The lines of a text that is to be no wider than `width`; a single word may be. */
export function wrapped(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
