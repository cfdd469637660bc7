// Before `npm pack`: everything built from the sources as they are, and this platform's binary where the loader of an installed
// package looks for it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

run(join(root, 'scripts', 'build-native.mjs'));
run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b');
removeLeftovers(join(root, 'dist'), join(root, 'src'));
run(join(root, 'scripts', 'build-common.mjs'));

const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
copyFileSync(join(root, 'build', 'Release', 'boltzkit.node'), join(folder, 'boltzkit.node'));

function run(...parameters) {
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

// The compiler never deletes what it wrote for a source file that is gone.
function removeLeftovers(dist, src) {
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    const path = join(dist, entry.name);
    const source = join(src, entry.name);
    if (path === join(root, 'dist', 'cjs')) continue; // written anew as a whole
    if (entry.isDirectory()) {
      if (existsSync(source)) removeLeftovers(path, source);
      else rmSync(path, { recursive: true });
    } else if (/\.(js|d\.ts)$/.test(entry.name) && !existsSync(source.replace(/\.(js|d\.ts)$/, '.ts'))) {
      rmSync(path);
    }
  }
}
