#!/usr/bin/env bash
# Builds, tests and measures boltzkit on this machine's GPU, within eight minutes, and leaves one JSON file. See README.md.
#   bench/gpu/run.sh [--quick]
# Needs nvcc, CMake and GCC; doctest, compute-sanitizer and PyTorch are used where they are found. Exits with 0 if the suite and the
# validation of the benchmarks passed and no sanitizer found anything, with 2 if the suite was left out and all else is so, else with 1.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

quick=${1:-}
if [ $# -gt 1 ] || { [ -n "$quick" ] && [ "$quick" != --quick ]; }; then
  echo "usage: bench/gpu/run.sh [--quick]" >&2
  exit 1
fi
build=build/gpu
said=$build/said # what each step says
out=${OUT:-bench/results}
plugin=$(realpath -m "${BOLTZKIT_GPU_PLUGIN:-$build/boltzkit-cuda.so}")
PATH=$PATH:/usr/local/cuda/bin
deadline=$((SECONDS + 465))
rm -rf "$said"
mkdir -p "$said" "$out"
steps=()
failed=0

# --- steps -------------------------------------------------------------------------------------------------------------------

# The lines that come in, as the elements of a JSON array.
json_lines() { tr '\t' ' ' | tr -d '\000-\011\013-\037' | sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$/"/' | paste -sd, -; }

# record NAME STATE SECONDS WHY LINES...: LINES are of a log.
record() {
  printf '%-12s %-10s %4d s  %s\n' "$1" "$2" "$3" "$4"
  local why lines
  why=$(json_lines <<<"$4")
  lines=$([ -z "$5" ] || json_lines <<<"$5")
  steps+=("{\"name\": \"$1\", \"state\": \"$2\", \"seconds\": $3, \"why\": $why, \"log\": [$lines]}")
}
skip() { record "$1" skipped 0 "$2" ""; }

# step NAME LIMIT COMMAND...: runs it for at most so many seconds; what it prints goes to files. Returns 0 if it passed, 1 if it failed
# and 2 if it was not done. A command that finds nothing to do exits with 77.
step() {
  local name=$1 limit=$2 left=$((deadline - SECONDS)) began=$SECONDS code=0
  shift 2
  if [ "$left" -lt 5 ]; then
    skip "$name" "no time was left"
    return 2
  fi
  echo "… $name: $*"
  timeout -k 5 $((limit < left ? limit : left)) "$@" >"$said/$name.out" 2>"$said/$name.log" || code=$?
  local took=$((SECONDS - began)) end
  end=$(cat "$said/$name.log" "$said/$name.out" | tail -n 40)
  case $code in
    0)
      record "$name" passed $took "" "$(grep -hE '^\[doctest\] (test cases|assertions)|MESSAGE: every backend' "$said/$name.out")"
      ;;
    77)
      record "$name" skipped $took "$(tail -n 1 "$said/$name.log")" ""
      return 2
      ;;
    124 | 137)
      record "$name" unfinished $took "it was not done after $took s" "$end"
      return 2
      ;;
    *)
      record "$name" failed $took "it exited with $code" "$end"
      printf '%s\n' "$end"
      return 1
      ;;
  esac
}

# --- what the steps do ---------------------------------------------------------------------------------------------------------

configure() {
  local options=(-DCMAKE_BUILD_TYPE=Release -DBOLTZKIT_ADDON=OFF -DBOLTZKIT_TESTS=AUTO)
  if [ -n "${BOLTZKIT_GPU_PLUGIN:-}" ]; then options+=(-DBOLTZKIT_PLUGIN=OFF); else options+=(-DBOLTZKIT_PLUGIN=ON); fi
  [ -z "${BOLTZKIT_DOCTEST:-}" ] || options+=("-DdoctestFolder=$BOLTZKIT_DOCTEST")
  [ -e $build/CMakeCache.txt ] || ! command -v ninja >/dev/null || options+=(-G Ninja)
  step configure 60 cmake -S . -B $build "${options[@]}"
}

compile() { # NAME LIMIT TARGETS...
  local name=$1 limit=$2
  shift 2
  step "$name" "$limit" cmake --build $build --parallel "$(nproc)" --target "$@"
}

# The files of tests that run on every backend.
suite_files() {
  if [ -n "$quick" ]; then
    echo '*tensors_test*,*cuda_device*'
  else
    grep -lE 'forEach(Backend|Quick)\(|candidates\(\)' native/test/*_test.cpp | sed 's|.*/|*/|' | paste -sd,
  fi
}

suite() { step suite 150 env BOLTZKIT_TEST_CUDA="$plugin" $build/boltzkit_tests --no-colors=true --source-file="$(suite_files)"; }

# Tiny benchmarks and a part of the suite: all that runs on the GPU is many times slower here.
sanitize() {
  local run="compute-sanitizer --tool $1 --error-exitcode 99" commands
  commands="$run $build/boltzkit_gpu_bench '$plugin' --quick"
  [ -z "$suite" ] || commands+=" && $run $build/boltzkit_tests --no-colors=true --source-file='*tensors_test*,*products_test*,*units_test*'"
  step "$1" 60 env BOLTZKIT_TEST_CUDA="$plugin" bash -c "$commands"
}

# Why sanitizers cannot be used, if so.
no_sanitizer() {
  if [ -n "$quick" ]; then
    echo "a quick run has none"
  elif ! command -v compute-sanitizer >/dev/null; then
    echo "there is no compute-sanitizer here"
  elif timeout 30 compute-sanitizer $build/boltzkit_gpu_bench "$plugin" --quick --part annealing 2>&1 | grep -qi 'device not supported'; then
    echo "compute-sanitizer cannot work with this device here" # some virtual machines have not what it needs
  fi
}

# --- all of them ---------------------------------------------------------------------------------------------------------------

benches=(gibbs training annealing)
suite=
if ! configure || ! compile build 240 boltzkit_gpu_bench $([ -n "${BOLTZKIT_GPU_PLUGIN:-}" ] || echo boltzkit_cuda); then
  failed=1
else
  if grep -q '^doctestFolder:.*NOTFOUND' $build/CMakeCache.txt; then
    skip suite "there is no doctest here (Debian: doctest-dev); BOLTZKIT_DOCTEST may name its include folder"
  elif compile build-tests 200 boltzkit_tests; then
    suite=$build/boltzkit_tests
    suite || failed=1
  else
    failed=1
  fi
  for part in "${benches[@]}"; do
    step "$part" 90 $build/boltzkit_gpu_bench "$plugin" --part "$part" $quick && cat "$said/$part.log" || failed=1
  done
  if command -v python3 >/dev/null; then
    step torch 60 python3 bench/gpu/torch_peer.py $quick
  else
    skip torch "there is no python3 here"
  fi
  why=$(no_sanitizer)
  for tool in memcheck racecheck initcheck; do
    if [ -n "$why" ]; then
      skip "$tool" "$why"
    else
      sanitize "$tool"
      [ $? -ne 1 ] || failed=1
    fi
  done
fi

# --- the file --------------------------------------------------------------------------------------------------------------------

# What a command says, as a JSON string: its last line, or null where it cannot be asked.
fact() {
  local line
  line=$("$@" 2>/dev/null | tail -n 1)
  if [ -n "$line" ]; then json_lines <<<"$line"; else echo null; fi
}
results() {
  local name first=1
  for name in "${benches[@]}" torch; do
    # A step that was ended has printed no object, or not all of one.
    [ "$(tail -c 2 "$said/$name.out" 2>/dev/null)" = "}" ] || continue
    [ $first -eq 1 ] || echo ,
    first=0
    printf '"%s": ' "$name"
    cat "$said/$name.out"
  done
}
device=$(cat "$said"/*.out 2>/dev/null | grep -o '{"name": "[^"]*", "arch": "[^"]*"' | head -n 1)
commit=${BOLTZKIT_COMMIT:-$(git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null)}
passed=$([ $failed -eq 0 ] && [ -n "$suite" ] && echo true || echo false)
{
  echo "{\"date\": \"$(date -u +%F)\", \"commit\": \"${commit:-unknown}\", \"quick\": $([ -n "$quick" ] && echo true || echo false),"
  echo "\"device\": $([ -n "$device" ] && echo "$device}" || echo null),"
  echo "\"driver\": $(fact nvidia-smi --query-gpu=driver_version --format=csv,noheader), \"nvcc\": $(fact nvcc --version),"
  echo "\"passed\": $passed, \"seconds\": $SECONDS,"
  echo "\"steps\": [$(printf '\n%s,' "${steps[@]}" | sed '$ s/,$//')],"
  echo "\"results\": {$(results)}}"
} >"$out/gpu.json"

echo "wrote $out/gpu.json after $SECONDS s"
[ $failed -eq 0 ] || exit 1
[ -n "$suite" ] || { echo "the suite was left out"; exit 2; }
