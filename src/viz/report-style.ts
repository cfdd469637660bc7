import type { Theme } from './colours.js';
import { colourOf, type Role } from './paint.js';
import { fonts } from './svg.js';

const roles: readonly Role[] = ['page', 'ink', 'soft', 'grid', 'line0'];

function variables(theme: Theme): string {
  return roles.map((role) => `--${role}:${colourOf(role, theme)}`).join(';');
}

/**
 * The style sheet of a report: drawings have a margin of 20 pixels of their own, which would indent
 * them. Light or dark as the reader's screen is, on paper light, and nothing from elsewhere.
 */
export const reportStyle = `
:root{color-scheme:light;${variables('light')}}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;${variables('dark')}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 ${fonts}}
main{max-width:1000px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px}
h2{font-size:20px;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--grid)}
p{margin:0 0 12px;max-width:46em}
h1,h2,p,dd,.value{overflow-wrap:anywhere}
.summary{font-size:18px;color:var(--soft)}
.headlines{display:flex;flex-wrap:wrap;gap:14px;margin:26px 0}
.headline{flex:1 1 200px;padding:14px 18px;border:1px solid var(--grid);border-radius:8px}
.name,.note,dt{color:var(--soft);font-size:14px}
.value{font-size:30px;line-height:1.3;font-weight:bold;font-variant-numeric:tabular-nums}
.unit{font-size:15px;font-weight:normal;color:var(--soft);display:inline-block}
.interval{font-variant-numeric:tabular-nums}
dl{margin:0 0 12px;columns:2 380px;column-gap:40px}
dl div{display:flex;gap:16px;padding:5px 0;border-bottom:1px solid var(--grid);break-inside:avoid}
dt{flex:0 0 40%}
dd{flex:1;margin:0;font-variant-numeric:tabular-nums}
pre{margin:0 0 12px;padding:14px 18px;border:1px solid var(--grid);border-left:3px solid var(--line0);border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.5 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
svg{display:block;max-width:calc(100% + 40px);height:auto;margin:-16px -20px 0}
@media print,(max-width:1030px){svg{max-width:100%;margin:0}}
@media print{
@page{margin:15mm}
body{font-size:11pt}
main{max-width:none;padding:0}
h2,section p{break-after:avoid}
svg,p,pre,.headline{break-inside:avoid}
}
`;
