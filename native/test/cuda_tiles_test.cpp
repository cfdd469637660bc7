// Products on tensor cores, tile by tile: wide tiles, which the backend takes for large products only,
// and narrow ones, at sizes about those of a tile and of a slice.
#include "test/device/cuda_emulation.hpp"
// After the emulation.
#include "cuda/plugin/kernels/tensor_products.cuh"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

using cuda::Factor;
using cuda::TensorProduct;
using cuda::Tile;
namespace emulation = cuda::emulation;

using Floats = std::vector<float>;

Floats floats(const Values& values) { return Floats(values.begin(), values.end()); }

struct Size {
  std::size_t rows, cols, depth;
};

template <class Product>
void launch(Tile tile, const Product& product) {
  const std::size_t tiles = cuda::tilesOf(tile, product.left.count, product.right.count);
  emulation::launch(static_cast<unsigned>(tiles), cuda::threadsOfWarps, true, [&] { run(product); });
}

// How far a product of these is from the sum, of what rounding allows: 2^-bits of the largest terms.
template <unsigned left, unsigned right, Tile tile>
void checkProduct(const Size& size, double bits) {
  INFO(left, " x ", right, " parts, tile ", static_cast<int>(tile), ", ", size.rows, " x ", size.cols, ", ", size.depth, " terms");
  const Floats a = floats(randomValues(size.rows * size.depth, 1, left == 1 ? Kind::binary : Kind::signedReal, 0.6));
  const Floats b = floats(randomValues(size.depth * size.cols, 2, right == 1 ? Kind::binary : Kind::signedReal, 0.8));
  Floats out(size.rows * size.cols, 5);
  launch(tile, TensorProduct<left, right, tile>{
                   {a.data(), size.rows, size.depth, 1}, {b.data(), size.cols, 1, size.cols}, size.depth, 0.5, 2, out.data()});
  double worst = 0;
  for (std::size_t i = 0; i < size.rows; ++i)
    for (std::size_t j = 0; j < size.cols; ++j) {
      double sum = 0, scale = 0;
      for (std::size_t k = 0; k < size.depth; ++k) {
        const double term = static_cast<double>(a[i * size.depth + k]) * b[k * size.cols + j];
        sum += term;
        scale += std::fabs(term);
      }
      const double allowed = std::exp2(-bits) * scale + 1e-6 * std::fabs(10 + 0.5 * sum) + 1e-12;
      worst = std::max(worst, std::fabs(out[i * size.cols + j] - (10 + 0.5 * sum)) / allowed);
    }
  CHECK(worst < 1);
}

template <Tile tile>
void checkTile() {
  const std::vector<Size> sizes = sanitized
                                      ? std::vector<Size>{{1, 65, 33}, {33, 3, 129}}
                                      : std::vector<Size>{{1, 1, 1}, {3, 65, 31}, {33, 31, 32}, {65, 7, 33}, {16, 33, 129}, {2, 64, 260}};
  for (const Size& size : sizes) {
    checkProduct<1, 1, tile>(size, 24);
    checkProduct<1, 2, tile>(size, 15);
    checkProduct<1, 3, tile>(size, 22);
    checkProduct<2, 1, tile>(size, 15);
    checkProduct<2, 2, tile>(size, 14);
  }
}

// Means and draws of Bernoulli units over fields of 3 terms.
template <Tile tile>
std::pair<Floats, Floats> drawn(std::size_t rows, std::size_t cols) {
  const Floats states = floats(randomValues(rows * 3, 3, Kind::binary, 0.5)), weights = floats(randomValues(3 * cols, 4, Kind::signedReal)),
               bias = floats(randomValues(cols, 5, Kind::signedReal));
  Floats mean(rows * cols), sample(rows * cols), out(rows * cols);
  TensorProduct<1, 3, tile> product{{states.data(), rows, 3, 1}, {weights.data(), cols, 1, cols}, 3, 1, 0, out.data()};
  product.draws = true;
  product.units = {bias.data(), cols, 1, cols};
  product.update = {{9, Purpose::negative, 0, 2}, 7, 0.5f, nullptr, Draw::sample};
  product.mean = mean.data();
  product.sample = sample.data();
  launch(tile, product);
  return {mean, sample};
}

}  // namespace

TEST_CASE("wide tiles of products on tensor cores hold what is asked of them") { checkTile<Tile::wide>(); }
TEST_CASE("narrow tiles of products on tensor cores hold what is asked of them") { checkTile<Tile::narrow>(); }

TEST_CASE("units that are drawn from a product are the same whatever its tiles") {
  const auto [means, samples] = drawn<Tile::wide>(35, 66);
  CHECK(drawn<Tile::narrow>(35, 66) == std::pair(means, samples));
  double sum = 0;
  for (const float mean : means) {
    CHECK(mean > 0);
    CHECK(mean < 1);
    sum += mean;
  }
  double ones = 0;
  for (const float sample : samples) ones += sample;
  const double n = static_cast<double>(samples.size());
  CHECK(std::fabs(ones - sum) < 4 * std::sqrt(n) / 2);
}

}  // namespace boltzkit::test
