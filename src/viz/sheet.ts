import { OptionCheck } from '../arguments.js';
import { small, smallText } from './colour-bar.js';
import { Paint, type SvgTheme } from './paint.js';
import { element, escaped, svgDocument, wrapped } from './svg.js';
import { textOption } from './text-options.js';

/** What every picture of one chart may have beside it. */
export interface SheetOptions {
  /** Above everything. */
  readonly title?: string | undefined;
  /** Below everything, in as many lines as it takes. */
  readonly caption?: string | undefined;
  /** Default `'auto'`: light, or dark where the reader's screen is (`prefers-color-scheme`). */
  readonly theme?: SvgTheme | undefined;
}

/** The names of {@link SheetOptions}. */
export const sheetOptions = ['title', 'caption', 'theme'] as const;

/** Space around everything. */
export const margin = 20;
const heading = { line: 28, size: 16 } as const;

/** Checked {@link SheetOptions}. */
export interface Sheet {
  readonly title: string;
  readonly caption: string;
  readonly paint: Paint;
  /** Where what is below the title begins. */
  readonly top: number;
}

/** Reads the options of a sheet. */
export function readSheet(call: string, given: { readonly [K in keyof SheetOptions]?: unknown }): Sheet {
  const check = new OptionCheck(call);
  const title = textOption(check, 'title', given.title);
  const caption = textOption(check, 'caption', given.caption);
  const paint = new Paint(check.oneOf('theme', given.theme, 'auto', ['auto', 'light', 'dark']));
  return { title, caption, paint, top: title === '' ? margin : margin + heading.line };
}

/** What stands between title and caption. */
export interface SheetContent {
  /** Markup. */
  readonly content: string;
  /** Where it ends. */
  readonly right: number;
  readonly bottom: number;
  /** A name for pictures without a title, and what the picture shows. */
  readonly name: string;
  readonly description: string;
}

/** A document with a title above and a caption below. */
export function sheet({ title, caption, paint }: Sheet, { content, right, bottom, name, description }: SheetContent): string {
  const lines = wrapped(caption, right - margin, small.size);
  const texts = lines.map((line, i) => smallText(line, margin, bottom + 8 + small.size + i * small.line, paint));
  const below = lines.length === 0 ? 0 : 8 + lines.length * small.line;
  const size = { width: Math.ceil(right + margin), height: Math.ceil(bottom + below + margin) };
  const background = element('rect', { ...size, ...paint.fill('page') });
  const parts = [background, drawHeading(title, paint), content, texts.join('')];
  return svgDocument({
    ...size,
    title: title || name,
    description: caption === '' ? description : `${description} ${caption}`,
    content: [paint.style(), ...parts].filter((part) => part !== '').join('\n'),
  });
}

function drawHeading(title: string, paint: Paint): string {
  if (title === '') return '';
  const attributes = { x: margin, y: margin + heading.size, 'font-size': heading.size, 'font-weight': 'bold', ...paint.fill('ink') };
  return element('text', attributes, escaped(title));
}
