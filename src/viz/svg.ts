/** Attributes of an element; numbers are rounded to hundredths of a pixel. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element. Content is markup already; everything else is escaped. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const text = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(String(value))}"`)
    .join('');
  return content === '' ? `<${name}${text}/>` : `<${name}${text}>${content}</${name}>`;
}

/** A number as short as a hundredth of a pixel needs. */
export function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text that can stand in markup. Characters that XML does not allow become the replacement character. */
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
