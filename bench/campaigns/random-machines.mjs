// Random machines against sums over all their states: every wiring, unit type and call that has an exact answer, on both devices.
// Needs a build.
//
//   node bench/campaigns/random-machines.mjs --machines 2000 --seed 1
//   node bench/campaigns/random-machines.mjs --machine 1000017        that one alone, every check of it
//
// Machine number i of seed s is s * 1,000,000 + i, and the same number is the same machine for ever. What counts as wrong, how often that happens by
// chance and how small an error is found: machines/verdict.mjs.
import { parseArgs } from 'node:util';
import { Report } from './machines/report.mjs';
import { runMachine } from './machines/run.mjs';

const usage = 'Usage: node bench/campaigns/random-machines.mjs [--machines 200] [--seed 1] [--from 0] [--draws 3000] [--machine NUMBER]';
const { values } = parseArgs({
  options: {
    machines: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    draws: { type: 'string', default: '3000' },
    machine: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const whole = (name) => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} must be a whole number, got '${values[name]}'\n${usage}`);
  process.exit(2);
};
const draws = whole('draws');

if (values.machine !== undefined) {
  const { results, ...machine } = await runMachine(whole('machine'), draws);
  console.log(JSON.stringify(machine));
  for (const result of results) console.log(JSON.stringify(result));
  process.exitCode = results.some(({ wrong }) => wrong) ? 1 : 0;
} else {
  await campaign();
}

async function campaign() {
  const report = new Report();
  const [from, count, first] = [whole('from'), whole('machines'), whole('seed') * 1_000_000];
  const began = performance.now();
  let shown = began;
  for (let i = from; i < count; ++i) {
    const known = report.wrong.length;
    report.add(await runMachine(first + i, draws));
    for (const { seed, kind, device, detail } of report.wrong.slice(known))
      console.error(`\nwrong: --machine ${seed}, ${kind} on ${device}: ${detail}`);
    if (performance.now() - shown > 1000 || i + 1 === count) {
      shown = performance.now();
      const rate = ((i + 1 - from) / (shown - began)) * 1000;
      process.stderr.write(
        `\r${i + 1} of ${count} machines, ${rate.toFixed(1)} a second, ${report.wrong.length} wrong; goes on with --from ${i + 1} `,
      );
    }
  }
  process.stderr.write('\n');
  console.log(String(report));
  process.exitCode = report.wrong.length + report.pooled.length + report.narrow.length > 0 ? 1 : 0;
}
