// A process that does the commands it is sent, one after the other (support.ts): most of a command's time is the loading of modules.
import { run } from '../../dist/cli/run.js';

let told = { stdout: '', stderr: '' };

for (const name of ['stdout', 'stderr']) {
  process[name].write = (text, ...rest) => {
    told[name] += text;
    rest.find((one) => typeof one === 'function')?.();
    return true;
  };
}

/** What would keep a process from ending, but for what this one waits with. */
const open = () => process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'Immediate'].includes(name));

// Whoever asks has ended, in whatever way.
process.on('disconnect', () => process.exit());

process.on('message', async ({ args, cwd }) => {
  told = { stdout: '', stderr: '' };
  process.chdir(cwd);
  const code = await run(args);
  // What a command has just closed is gone a little later.
  for (const began = Date.now(); open().length > 0 && Date.now() < began + 10_000; ) await new Promise((done) => setTimeout(done, 5));
  process.send({ code, ...told, left: open() });
});
