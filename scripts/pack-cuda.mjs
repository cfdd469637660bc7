// Lays out the optional package @boltzkit/linux-x64-cuda: the plug-in that computes on GPUs, and nothing else. `npm pack` in its folder
// makes the tarball.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const library = 'boltzkit-cuda.so';
const name = '@boltzkit/linux-x64-cuda';

/**
 * Writes the package into a folder, which is made anew.
 *
 * @param {string} file The plug-in.
 * @param {string} folder
 * @throws {Error} where there is no such file.
 */
export function layOutCudaPackage(file, folder) {
  if (!existsSync(file)) {
    throw new Error(`there is no plug-in at ${file}: build it first, by \`node scripts/build-native.mjs\` with nvcc on the PATH`);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(file, join(folder, library));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description(), null, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), readme);
}

function description() {
  const { version, license, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    name,
    version,
    description: 'The CUDA plug-in of boltzkit, for Linux on x64',
    license,
    ...(repository === undefined ? {} : { repository }),
    os: ['linux'],
    cpu: ['x64'],
    libc: ['glibc'],
    main: library,
    files: [library],
    preferUnplugged: true,
  };
}

const readme = `# ${name}

The plug-in by which [boltzkit](https://www.npmjs.com/package/boltzkit) computes on an NVIDIA GPU, for Linux on x64. It holds one file and
no program. Install it beside boltzkit, in the same version, and ask for a GPU by \`device: 'cuda'\`. It needs a driver of
NVIDIA; \`npx boltzkit doctor\` says what it finds.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(root, 'build', 'packages', 'linux-x64-cuda');
  try {
    layOutCudaPackage(join(root, 'build', 'Release', library), folder);
    console.log(`boltzkit: laid out ${name} in ${folder}`);
  } catch (error) {
    console.error(`boltzkit: ${error.message}`);
    process.exitCode = 1;
  }
}
