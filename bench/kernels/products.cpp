// The product kernels at the shapes of a training step, on one core, including the lists: time,
// dense-equivalent rate and fraction of the peak.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "bench.hpp"
#include "cpu/product.hpp"
#include "cpu/rounded_weights.hpp"

namespace boltzkit::bench {
namespace {

struct Case {
  const char* name;
  std::size_t rows, depth, columns;
  bool aTransposed, bTransposed;
};

const Case cases[] = {{"up", 100, 784, 500, false, false},
                      {"down, copy", 100, 500, 784, false, false},
                      {"down, on the way", 100, 500, 784, false, true},
                      {"statistics", 784, 100, 500, true, false},
                      {"one row up", 1, 784, 500, false, false},
                      {"one row down", 1, 500, 784, false, false},
                      {"up 4096", 256, 4096, 4096, false, false}};

struct Operand {
  Operand(std::size_t rows, std::size_t cols) : tensor(rows, cols), rows(rows), cols(cols) {}
  void fill(std::uint64_t seed, double density, bool binary) {
    Dice dice(seed);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < cols; ++j)
        tensor.writeRow(r)[j] = dice.uniform() >= density ? 0 : binary ? 1 : static_cast<float>(dice.uniform() - 0.3);
  }
  // Adds bits, as the backend keeps them for states that it has drawn.
  void keepBits() {
    std::uint64_t* words = tensor.newBits();
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < cols; ++j)
        if (tensor.row(r)[j] != 0) words[j / 64 * tensor.bitsStride() + r] |= std::uint64_t{1} << j % 64;
  }
  cpu::CpuTensor tensor;
  std::size_t rows, cols;
};

// The largest error relative to the sum of absolute terms, over a sample of the elements.
double worstError(const Case& c, const Operand& a, const Operand& b, const Operand& out) {
  double worst = 0;
  for (std::size_t r = 0; r < c.rows; r += 1 + c.rows / 17)
    for (std::size_t j = 0; j < c.columns; j += 1 + c.columns / 19) {
      double sum = 0, size = 1e-30;
      for (std::size_t k = 0; k < c.depth; ++k) {
        const double x = c.aTransposed ? a.tensor.row(k)[r] : a.tensor.row(r)[k],
                     y = c.bTransposed ? b.tensor.row(j)[k] : b.tensor.row(k)[j];
        sum += x * y;
        size += std::fabs(x * y);
      }
      worst = std::max(worst, std::fabs(sum - out.tensor.row(r)[j]) / size);
    }
  return worst;
}

bool benchCase(cpu::Engine& engine, const Case& c, double density, bool binary, double peak) {
  Operand a(c.aTransposed ? c.depth : c.rows, c.aTransposed ? c.rows : c.depth),
      b(c.bTransposed ? c.columns : c.depth, c.bTransposed ? c.depth : c.columns);
  Operand out(c.rows, c.columns);
  a.fill(1, density, binary);
  b.fill(2, 1, false);
  const cpu::Product product{.a = a.tensor.row(0),
                             .aStride = a.tensor.stride(),
                             .aTransposed = c.aTransposed,
                             .rows = c.rows,
                             .depth = c.depth,
                             .columns = c.columns,
                             .b = b.tensor.row(0),
                             .bStride = b.tensor.stride(),
                             .bTransposed = c.bTransposed,
                             .c = out.tensor.writeRow(0),
                             .cStride = out.tensor.stride()};
  const double seconds = secondsPerCall([&] { cpu::multiply(engine, product); });
  const double error = worstError(c, a, b, out);
  const double rate = 2.0 * static_cast<double>(c.rows * c.depth * c.columns) / seconds * 1e-9;
  std::printf("  %-18s %-7s %3.0f %% %10.1f us %8.1f GFLOP/s dense-equivalent %6.2f of peak   error %.0e%s\n", c.name,
              binary ? "binary" : "real", density * 100, seconds * 1e6, rate, rate / peak, error, error < 1e-5 ? "" : "  WRONG");
  return error < 1e-5;
}

// Fields of binary states with weights rounded to 14 bits. Times the product with lists from bits,
// with lists from floats, and with fresh weights that must be rounded first.
bool benchRounded(cpu::Engine& engine, const char* name, std::size_t depth, std::size_t columns, bool transposed, double density,
                  double peak) {
  constexpr std::size_t rows = 100;
  Operand a(rows, depth), b(transposed ? columns : depth, transposed ? depth : columns), out(rows, columns);
  a.fill(1, density, true);
  b.fill(2, 1, false);
  cpu::Product product{.a = a.tensor.row(0),
                       .aStride = a.tensor.stride(),
                       .rows = rows,
                       .depth = depth,
                       .columns = columns,
                       .b = b.tensor.row(0),
                       .bStride = b.tensor.stride(),
                       .bTransposed = transposed,
                       .matrix = &b.tensor,
                       .tolerance = cpu::fieldTolerance,
                       .c = out.tensor.writeRow(0),
                       .cStride = out.tensor.stride()};
  const double fresh = secondsPerCall([&] {
    b.tensor.touch();
    cpu::multiply(engine, product);
  });
  const double fromFloats = secondsPerCall([&] { cpu::multiply(engine, product); });
  a.keepBits();
  product.left = &a.tensor;
  const double seconds = secondsPerCall([&] { cpu::multiply(engine, product); });
  const double error = worstError({name, rows, depth, columns, false, transposed}, a, b, out);
  const double rate = 2.0 * static_cast<double>(rows * depth * columns) / seconds * 1e-9;
  const bool good =
      cpu::roundable(engine, b.tensor, cpu::Packing::shorts, cpu::orientationOf(transposed), cpu::fieldTolerance, 1) && error < 2e-4;
  std::printf(
      "  %-18s binary  %3.0f %% %10.1f us %8.1f GFLOP/s dense-equivalent %6.2f of peak   error %.0e, listed from floats %.1f us, fresh "
      "weights %.1f us%s\n",
      name, density * 100, seconds * 1e6, rate, rate / peak, error, fromFloats * 1e6, fresh * 1e6, good ? "" : "  WRONG");
  return good;
}

}  // namespace

double measuredPeak(const cpu::Kernels& kernels) {
  // A dense block that fits in the first-level cache: 24 rows x 64 columns, depth 64.
  constexpr std::size_t rows = 24, depth = 64;
  Operand a(rows, depth), b(depth, cpu::panelColumns), c(rows, cpu::panelColumns), sums(rows, cpu::panelColumns);
  a.fill(1, 1, false);
  b.fill(2, 1, false);
  cpu::PanelBlock block{};
  block.lastRow = rows, block.a = a.tensor.row(0), block.lda = a.tensor.stride(), block.depth = depth;
  block.b = b.tensor.row(0), block.ldb = b.tensor.stride(), block.c = c.tensor.writeRow(0), block.ldc = c.tensor.stride();
  block.columns = cpu::panelColumns, block.sums = sums.tensor.writeRow(0),
  block.first = block.last = block.firstGroup = block.lastGroup = true, block.alpha = 1;
  const auto isDense = [](const cpu::ProductFamily& family) { return std::string_view(family.name) == "dense"; };
  const auto dense = std::ranges::find_if(kernels.families, isDense)->kernel;
  return 2.0 * rows * depth * cpu::panelColumns / secondsPerCall([&] { dense(block); }) * 1e-9;
}

bool benchProducts(const cpu::Kernels& kernels, double peak) {
  cpu::Engine engine(kernels, 1);
  bool good = true;
  for (const Case& c : cases) {
    for (const double density : {0.1, 0.14, 0.3, 0.5, 0.7}) good = benchCase(engine, c, density, true, peak) && good;
    for (const double density : {0.19, 0.5, 1.0}) good = benchCase(engine, c, density, false, peak) && good;
  }
  for (const double density : {0.1, 0.14, 0.3, 0.5, 0.7}) {
    good = benchRounded(engine, "up, rounded", 784, 500, false, density, peak) && good;
    good = benchRounded(engine, "down, rounded", 500, 784, true, density, peak) && good;
  }
  return good;
}

}  // namespace boltzkit::bench
