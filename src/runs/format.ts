/** `1234567` as `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A number for people: `digits` after the point, `–` where there is none to show. */
export function fixed(value: number | null, digits = 2): string {
  return value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}

/**
 * A value with the ends of its interval, `−86.34 (−86.51 … −86.20)`; the ends are left out where
 * they are the value itself.
 */
export function intervalText({ value, low, high }: { value: number; low: number; high: number }, digits = 2): string {
  const ends = `${fixed(low, digits)} … ${fixed(high, digits)}`;
  return high - low < 10 ** -digits / 2 ? fixed(value, digits) : `${fixed(value, digits)} (${ends})`;
}

/** Seconds as `4.2 s`, `3 min 05 s` or `2 h 07 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const pad = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** Bytes as `3.1 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

/**
 * Text in which control characters (and those that change the direction of writing) stand as
 * `\\u001b`: names come from files, and a terminal would obey what is in them.
 */
export function shown(text: string): string {
  const code = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, code);
}

/** A word for a shell. */
export function shellWord(text: string): string {
  return /^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
