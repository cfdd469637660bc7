// Products by matrix tiles: the same bits as by lists, for all shapes and kinds of values. Machines
// without tiles test the emulated ones.
#include "cpu/product.hpp"
#include "cpu/rounded_weights.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

enum class States { bits, spins, greys, counts, negatives };

// `negatives` go down to -200: more than a signed byte holds.
float stateOf(Dice& dice, States kind, double density) {
  if (kind == States::spins) return dice.uniform() < density ? 1 : -1;
  if (dice.uniform() >= density) return 0;
  switch (kind) {
    case States::greys:
      return static_cast<float>(dice.below(256)) / 255.0f;
    case States::counts:
      return static_cast<float>(dice.below(256));
    case States::negatives:
      return static_cast<float>(dice.below(300)) - 200.0f;
    default:
      return 1;
  }
}

struct Shape {
  std::size_t rows, depth, columns;
};

void fillWith(cpu::CpuTensor& t, const std::function<float(std::size_t, std::size_t)>& value) {
  for (std::size_t r = 0; r < t.rows(); ++r) {
    float* const row = t.writeRow(r);
    for (std::size_t j = 0; j < t.cols(); ++j) row[j] = value(r, j);
  }
}

// Fields [rows, columns] of states, and statistics [depth, columns] of the states and `right`.
std::vector<Values> resultsOf(const cpu::Kernels& kernels, unsigned threads, const Shape& shape, States kind, double density,
                              bool transposed, float largest) {
  cpu::CpuBackend backend(kernels, threads);
  Dice dice(shape.rows * 131 + shape.depth);
  cpu::CpuTensor states(shape.rows, shape.depth), right(shape.rows, shape.columns);
  cpu::CpuTensor weights(transposed ? shape.columns : shape.depth, transposed ? shape.depth : shape.columns);
  cpu::CpuTensor fields(shape.rows, shape.columns), statistics(shape.depth, shape.columns);
  fillWith(states, [&](std::size_t, std::size_t) { return stateOf(dice, kind, density); });
  fillWith(weights, [&](std::size_t, std::size_t) { return static_cast<float>(dice.between(-1, 1)) * largest; });
  fillWith(right, [&](std::size_t, std::size_t) { return static_cast<float>(dice.uniform()); });
  fillWith(fields, [&](std::size_t r, std::size_t j) { return static_cast<float>(r) - static_cast<float>(j); });
  backend.run([&] {
    const FieldTerm term{&states, &weights, transposed, -0.5, nullptr, Accuracy::draws};
    backend.fields(std::span(&term, 1), true, fields);
    cpu::Engine engine(kernels, threads);
    cpu::multiply(engine, cpu::statisticsProduct({&states, &right, nullptr, 0.25, Accuracy::statistics}, 0, statistics));
  });
  CHECK(paddingIsZero(fields));
  CHECK(paddingIsZero(statistics));
  return {valuesOf(backend, fields), valuesOf(backend, statistics)};
}

// Runs the body for each set of kernels with tiles, and with the same kernels without.
void forEachTiles(const std::function<void(const cpu::Kernels& tiles, const cpu::Kernels& lists)>& body) {
  for (const cpu::Kernels* kernels : allKernels(true)) {
    const std::string isa = kernels->isa;
    CAPTURE(isa);
    if (kernels->families.front().byTiles) body(*kernels, cpu::kernelsNamed(isa == "amx" ? "avx512" : "portable"));
  }
}

TEST_CASE("tiles and lists give the same bits") {
  // Parts of tiles in every direction; one, two and three tiles of rows.
  constexpr Shape shapes[] = {{1, 300, 130}, {16, 320, 128}, {33, 500, 161}, {100, 330, 209}, {129, 257, 176}};
  for (const States kind : {States::bits, States::spins, States::greys, States::counts, States::negatives})
    for (const bool transposed : {false, true})
      for (const Shape& shape : shapes) {
        if (sanitized && shape.rows != 33) continue;
        CAPTURE(static_cast<int>(kind));
        CAPTURE(transposed);
        CAPTURE(shape.rows);
        const float largest = kind == States::counts || kind == States::negatives ? 0.005f : 1;
        forEachTiles([&](const cpu::Kernels& tiles, const cpu::Kernels& lists) {
          CHECK(resultsOf(tiles, 2, shape, kind, 0.3, transposed, largest) == resultsOf(lists, 1, shape, kind, 0.3, transposed, largest));
        });
      }
}

TEST_CASE("sums by tiles that need more than 32 bits are rounded once, as those by lists") {
  // Counts up to 255 and numbers of 16 bits: 255 * 32766 * 3000.
  constexpr Shape shape{20, 3000, 40};
  forEachTiles([&](const cpu::Kernels& tiles, const cpu::Kernels& lists) {
    CHECK(resultsOf(tiles, 1, shape, States::counts, 1, false, 1e-4f) == resultsOf(lists, 1, shape, States::counts, 1, false, 1e-4f));
  });
}

TEST_CASE("tiles of zeros are left out, and nothing else") {
  // Only the last place of the last row of a tile is on.
  constexpr Shape shape{32, 256, 128};
  forEachIsa([&](const cpu::Kernels& kernels) {
    cpu::CpuBackend backend(kernels, 1);
    cpu::CpuTensor states(shape.rows, shape.depth), weights(shape.depth, shape.columns), fields(shape.rows, shape.columns);
    fillWith(weights, [](std::size_t k, std::size_t j) { return (static_cast<float>(k) - static_cast<float>(j)) / 256; });
    fillWith(states, [&](std::size_t r, std::size_t k) { return r == 15 && k == 127 ? 1.0f : 0.0f; });
    backend.run([&] {
      const FieldTerm term{&states, &weights, false, 1, nullptr, Accuracy::draws};
      backend.fields(std::span(&term, 1), false, fields);
    });
    for (std::size_t j = 0; j < shape.columns; ++j) {
      CHECK(std::fabs(fields.row(15)[j] - weights.row(127)[j]) < 1.0f / 8190);
      CHECK(fields.row(14)[j] == 0);
    }
  });
}

}  // namespace
}  // namespace boltzkit::test
