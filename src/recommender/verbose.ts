/** How far a long call has come, on stderr: a bar in a terminal, else a line now and then. */
import { Presets, SingleBar } from 'cli-progress';
import type { CallProgress, Patience } from '../machine/patience.js';

/** Between two lines where there is no terminal, in milliseconds. */
const interval = 10_000;
/** What is done sooner needs no bar, in milliseconds. */
const silence = 1_000;

/** A call's patience with something to see; `end` takes the bar away. */
export function shownPatience(call: string, patience: Patience, stream: NodeJS.WriteStream = process.stderr): Patience & { end(): void } {
  const began = performance.now();
  let bar: SingleBar | undefined;
  let told = began;
  const show = ({ fraction, secondsLeft }: CallProgress): void => {
    const now = performance.now();
    if (now - began < silence) return;
    const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`;
    if (stream.isTTY) {
      bar ??= started(call, stream);
      bar.update(Math.round(fraction * 100), { left });
    } else if (now - told > interval) {
      told = now;
      stream.write(`${call}: ${Math.round(fraction * 100)} %${left}\n`);
    }
  };
  const onProgress = (progress: CallProgress): void => {
    show(progress);
    patience.onProgress?.(progress);
  };
  return { signal: patience.signal, onProgress, end: () => bar?.stop() };
}

function started(call: string, stream: NodeJS.WriteStream): SingleBar {
  const format = `${call} {bar} {percentage} %{left}`;
  const bar = new SingleBar({ stream, hideCursor: true, clearOnComplete: true, gracefulExit: false, format }, Presets.shades_classic);
  bar.start(100, 0, { left: '' });
  return bar;
}
