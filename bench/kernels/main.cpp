// Kernel benchmarks: check every kernel against a plain computation, time it, and compare the time
// with the machine's limit.
//   boltzkit_bench [--isa avx512|avx2|neon|portable|all] [--part products|units|lateral|gibbs|training]
//                  [--threads N] [--rows rows.f32]
// rows.f32 holds float32 rows of 784 values in [0, 1] (MNIST, for example). Without it, the program
// generates rows similar to MNIST's.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "bench.hpp"
#include "cpu/info.hpp"

namespace boltzkit::bench {
namespace {

std::vector<float> rowsFromFile(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw Error(ErrorCode::parameter, std::string("cannot open ") + path);
  std::vector<float> values(static_cast<std::size_t>(file.tellg()) / sizeof(float) / 784 * 784);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

// Grey levels, 19 % of them nonzero, in short runs of columns like strokes.
std::vector<float> madeUpRows() {
  Dice dice(3);
  std::vector<float> values(10000 * 784);
  for (std::size_t r = 0; r < 10000; ++r)
    for (std::size_t stroke = 0; stroke < 37; ++stroke) {
      const std::size_t first = 120 + static_cast<std::size_t>(dice.uniform() * 540);
      for (std::size_t j = first; j < first + 5; ++j)
        values[r * 784 + j] = static_cast<float>(1 + std::floor(dice.uniform() * 255)) / 255.0f;
    }
  return values;
}

std::shared_ptr<const Rows> packed(const std::vector<float>& values) {
  auto rows = std::make_shared<Rows>(784, Domain{});
  rows->append(Rows::Source<float>{values.data(), 0, 784, 1, values.size() / 784});
  return rows;
}

int run(int count, char** arguments) {
  std::string isa, file, part;
  unsigned threads = 0;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string option = arguments[i];
    if (option == "--isa") isa = arguments[i + 1];
    if (option == "--threads") threads = static_cast<unsigned>(std::stoul(arguments[i + 1]));
    if (option == "--part") part = arguments[i + 1];
    if (option == "--rows") file = arguments[i + 1];
  }
  const CpuInfo info = cpuInfo();
  std::printf("%s, %u thread(s)\n", info.model.c_str(), info.threads);
  const auto rows = packed(file.empty() ? madeUpRows() : rowsFromFile(file.c_str()));
  bool good = true;
  for (const cpu::Kernels* kernels : cpu::availableKernels()) {
    if (isa != "all" && kernels != &cpu::kernelsNamed(isa)) continue;
    const double peak = measuredPeak(*kernels);
    std::printf("\n== %s: FMA peak of one core %.1f GFLOP/s\n", kernels->isa, peak);
    auto wanted = [&](const char* name) { return part.empty() || part == name; };
    if (wanted("products")) good = benchProducts(*kernels, peak) && good;
    if (wanted("units")) good = benchUnits(*kernels) && good;
    if (wanted("lateral")) good = benchLateral(*kernels, threads ? threads : info.threads, peak) && good;
    if (wanted("gibbs")) good = benchGibbs(*kernels, threads ? threads : 1, *rows) && good;
    if (!wanted("training")) continue;
    for (unsigned t = threads ? threads : 1; t <= (threads ? threads : info.threads); ++t)
      good = benchTraining(*kernels, t, rows, peak) && good;
  }
  if (!good) std::printf("\nSome results were WRONG.\n");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace boltzkit::bench

int main(int count, char** arguments) {
  try {
    return boltzkit::bench::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
