// Draws of the Gaussian rating machine: normal, gamma and Wishart, from Philox words that are named
// by what is drawn (core/random.hpp).
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/random.hpp"

namespace boltzkit::ratings {

// What is drawn; the `layer` of a stream. Clamped layers take two numbers each from `weights` on,
// one per side.
enum class Drawn : std::uint8_t { start, factors, hyper, noise, cuts, latent, weights = 16, weightsHyper = 48 };

inline Stream gaussianStream(std::uint64_t seed, Drawn what, unsigned side, std::uint64_t step, unsigned layer = 0) {
  return {seed, Purpose::sample, static_cast<std::uint8_t>((static_cast<unsigned>(what) + layer) * 2 + side), step};
}

// Independent draws of one row of a stream, one after the other.
class Draws {
 public:
  explicit Draws(const Stream& stream, std::uint32_t row = 0, std::uint32_t firstBlock = 0)
      : stream_(stream), row_(row), block_(firstBlock) {}

  // In (0, 1).
  double uniform() { return (word() + 0.5) * 0x1p-32; }
  // Box & Muller 1958: two at a time.
  double normal();
  // Density proportional to x^(shape - 1) exp(-x), shape > 0. Marsaglia & Tsang 2000.
  double gamma(double shape);
  // Exponential of mean 1.
  double exponential() { return -std::log(uniform()); }

 private:
  std::uint32_t word() {
    if (next_ == 4) {
      words_ = streamWords(stream_, row_, block_++);
      next_ = 0;
    }
    return words_.w[next_++];
  }

  Stream stream_;
  std::uint32_t row_, block_;
  Words4 words_{};
  unsigned next_ = 4;
  bool hasSpare_ = false;
  double spare_ = 0;
};

// out[j]: normals of one row of a stream; number j is the same whatever the length. Blocks of four
// words give four normals.
void fillNormals(const Stream& stream, std::uint32_t row, std::uint32_t firstBlock, std::span<float> out);

// A matrix from Wishart(V, n), n > k - 1, where `inverseScale` is V^-1, [k, k]; its mean is n V.
// Bartlett 1933.
std::vector<double> wishart(Draws& draws, const std::vector<double>& inverseScale, std::size_t k, double n);

// mean + a draw from N(0, (factor * precision)^-1), in place of mean.
void addNormal(Draws& draws, const std::vector<double>& precision, double factor, std::vector<double>& mean);

}  // namespace boltzkit::ratings
