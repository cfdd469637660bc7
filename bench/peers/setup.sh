#!/bin/sh
# Installs what the peers need: Debian packages (as root, or through sudo) and the npm packages of package.json next to this file.
# The C++ programs are compiled by the benchmark itself. Afterwards: npm run bench -- --peers all
set -eu
cd "$(dirname "$0")"

packages="g++ libopenblas-dev libopenblas0-openmp python3-numpy python3-sklearn python3-torch"
if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then root=""; else root="sudo"; fi
  $root apt-get install -y --no-install-recommends $packages
else
  echo "no apt-get here: install OpenBLAS with its headers, and numpy, scikit-learn and PyTorch for python3 (or BENCH_PYTHON)" >&2
fi
# No scripts of the packages are run, and no lock file is left behind.
npm install --ignore-scripts --no-package-lock --no-audit --no-fund
