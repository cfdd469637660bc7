import type { Theme } from './colours.js';
import { type Attributes, element } from './svg.js';

/** `'auto'`: light, or dark where the reader's screen is. */
export type SvgTheme = Theme | 'auto';

const plain = {
  page: { light: '#ffffff', dark: '#15181d' },
  ink: { light: '#222222', dark: '#e8eaed' },
  soft: { light: '#555555', dark: '#a9b0ba' },
  grid: { light: '#e6e6e6', dark: '#2b3038' },
  zero: { light: '#a0a0a0', dark: '#6b7380' },
} as const;

// Okabe and Ito, "Color universal design" (2008): distinguishable with every common colour
// deficiency. Yellow is left out: it is hard to see as a thin line on white. On dark pages the same
// hues, lighter.
const lines = [
  { light: '#0072b2', dark: '#4aa8e0' },
  { light: '#d55e00', dark: '#f0813a' },
  { light: '#009e73', dark: '#2fc49a' },
  { light: '#cc79a7', dark: '#e39bc3' },
  { light: '#e69f00', dark: '#f2b533' },
  { light: '#56b4e9', dark: '#9bd6f9' },
  { light: '#000000', dark: '#e8eaed' },
] as const;

// Ten classes at once: those of lines, with a brown, a violet and an olive between them. No ten hues stay
// apart for everybody, so pictures name classes in place as well.
const classes = [
  ...lines.slice(0, 6),
  { light: '#7a4a1e', dark: '#c79565' },
  { light: '#6b4fa0', dark: '#b39ae6' },
  { light: '#8a8a00', dark: '#d2d25a' },
  { light: '#3a3a3a', dark: '#d8dbe0' },
] as const;

type Line = `line${number}`;
type ClassRole = `class${number}`;
/** What a colour is for. */
export type Role = keyof typeof plain | Line | ClassRole;

/** The role of the n-th line of a chart. */
export function lineRole(n: number): Role {
  return `line${n % lines.length}`;
}

/** The role of points of the n-th class. */
export function classRole(n: number): Role {
  return `class${n % classes.length}`;
}

/** The colour of a role. */
export function colourOf(role: Role, theme: Theme): string {
  if (role in plain) return plain[role as keyof typeof plain][theme];
  if (role.startsWith('class')) return (classes[Number(role.slice('class'.length))] as (typeof classes)[number])[theme];
  return (lines[Number(role.slice('line'.length))] as (typeof lines)[number])[theme];
}

/**
 * Colours of one SVG document. The attributes hold the light colours, which every renderer knows;
 * with `'auto'` a style sheet puts the dark ones in their place. Printed pages are light.
 */
export class Paint {
  readonly #theme: SvgTheme;
  readonly #used = new Map<string, string>();

  constructor(theme: SvgTheme) {
    this.#theme = theme;
  }

  fill(role: Role): Attributes {
    return this.#attributes('fill', role);
  }

  stroke(role: Role): Attributes {
    return this.#attributes('stroke', role);
  }

  /** Markup that is there on light or on dark pages only. */
  only(theme: Theme, draw: () => string): string {
    if (this.#theme !== 'auto') return theme === this.#theme ? draw() : '';
    this.#used.set('bk-light', 'display:none');
    this.#used.set('bk-dark', 'display:inline');
    return element('g', { class: `bk-${theme}`, display: theme === 'dark' ? 'none' : undefined }, draw());
  }

  /** The style sheet of everything painted so far. */
  style(): string {
    if (this.#used.size === 0) return '';
    const rules = [...this.#used].map(([name, rule]) => `.${name}{${rule}}`).join('');
    return element('style', {}, `@media screen and (prefers-color-scheme:dark){${rules}}`);
  }

  #attributes(kind: 'fill' | 'stroke', role: Role): Attributes {
    if (this.#theme !== 'auto') return { [kind]: colourOf(role, this.#theme) };
    const name = `bk-${kind}-${role}`;
    this.#used.set(name, `${kind}:${colourOf(role, 'dark')}`);
    return { class: name, [kind]: colourOf(role, 'light') };
  }
}
