import { outliveHangups } from './interrupt.js';
import { watchStreams } from './output.js';
import { run } from './run.js';

watchStreams();
outliveHangups();
process.exitCode = await run(process.argv.slice(2));
