#include "ratings/gaussian_weights.hpp"

#include <algorithm>
#include <cmath>

#include "core/interrupt.hpp"
#include "ratings/gaussian_draws.hpp"
#include "ratings/gaussian_matrix.hpp"

namespace boltzkit::ratings {
namespace {

// Sums of floats are added to a total in double precision after so many.
constexpr std::size_t sumBlock = 256;
constexpr std::size_t unitsBetweenPolls = 1u << 14;

// Components first ... first + width - 1 of all rows and units, in the basis T.
struct Slice {
  std::size_t first, width;
  std::vector<float> residual;  // [rows, width]
  std::vector<float> weights;   // [units, width]
};

template <std::size_t width>
void sampleUnits(const WeightsProblem& p, const Stream& stream, const std::vector<double>& delta, Slice& slice, std::size_t from,
                 std::size_t to) {
  float* residual = slice.residual.data();
  for (std::size_t j = from; j < to; ++j) {
    const EntryRows::Row rows = p.layer.byUnit->row(j);
    const auto value = [&](std::size_t e) { return p.layer.normalised ? p.scales[rows.columns[e]] : rows.value(e); };
    double total[width] = {};
    for (std::size_t begin = 0; begin < rows.size(); begin += sumBlock) {
      float sum[width] = {};
      for (std::size_t e = begin; e < std::min(rows.size(), begin + sumBlock); ++e) {
        const float v = value(e);
        const float* r = residual + rows.columns[e] * width;
        for (std::size_t c = 0; c < width; ++c) sum[c] += v * r[c];
      }
      for (std::size_t c = 0; c < width; ++c) total[c] += sum[c];
    }
    float normals[width], change[width];
    fillNormals(stream, static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(slice.first / 4), normals);
    float* weights = slice.weights.data() + j * width;
    for (std::size_t c = 0; c < width; ++c) {
      const double precision = delta[slice.first + c] + p.squares[j];
      const double drawn = (total[c] + p.squares[j] * weights[c]) / precision + normals[c] / std::sqrt(precision);
      change[c] = static_cast<float>(drawn) - weights[c];
      weights[c] = static_cast<float>(drawn);
    }
    for (std::size_t e = 0; e < rows.size(); ++e) {
      const float v = value(e);
      float* r = residual + rows.columns[e] * width;
      for (std::size_t c = 0; c < width; ++c) r[c] -= v * change[c];
    }
  }
}

using Sample = void (*)(const WeightsProblem&, const Stream&, const std::vector<double>&, Slice&, std::size_t, std::size_t);
constexpr Sample samplers[] = {sampleUnits<4>,  sampleUnits<8>,  sampleUnits<12>, sampleUnits<16>,
                               sampleUnits<20>, sampleUnits<24>, sampleUnits<28>, sampleUnits<32>};
constexpr std::size_t widest = 32;

// x = matrix x of rows of k numbers.
void multiply(const std::vector<double>& matrix, std::size_t k, const float* x, double* out) {
  for (std::size_t i = 0; i < k; ++i) out[i] = 0;
  for (std::size_t j = 0; j < k; ++j)
    for (std::size_t i = 0; i < k; ++i) out[i] += matrix[j * k + i] * x[j];  // the transposed matrix, by rows
}

std::vector<double> transposed(const std::vector<double>& a, std::size_t k) {
  std::vector<double> t(k * k);
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < k; ++j) t[j * k + i] = a[i * k + j];
  return t;
}

// Moves rows [n, stride] to the slices' basis, or back.
void toSlices(const std::vector<double>& matrix, std::size_t k, const std::vector<float>& rows, std::size_t n, std::size_t stride,
              std::vector<Slice>& slices, std::vector<float> Slice::*part, ThreadTeam& team) {
  const std::vector<double> by = transposed(matrix, k);
  for (Slice& slice : slices) (slice.*part).assign(n * slice.width, 0.0f);
  team.parallelFor((n + 255) / 256, [&](std::size_t tile, unsigned) {
    std::vector<double> moved(k);
    for (std::size_t r = tile * 256; r < std::min(n, tile * 256 + 256); ++r) {
      multiply(by, k, rows.data() + r * stride, moved.data());
      for (Slice& slice : slices)
        for (std::size_t c = 0; c < slice.width && slice.first + c < k; ++c)
          (slice.*part)[r * slice.width + c] = static_cast<float>(moved[slice.first + c]);
    }
  });
}

void fromSlices(const std::vector<double>& matrix, std::size_t k, const std::vector<Slice>& slices, std::vector<float> Slice::*part,
                std::vector<float>& rows, std::size_t n, std::size_t stride, ThreadTeam& team) {
  const std::vector<double> by = transposed(matrix, k);
  team.parallelFor((n + 255) / 256, [&](std::size_t tile, unsigned) {
    std::vector<float> here(k);
    std::vector<double> moved(k);
    for (std::size_t r = tile * 256; r < std::min(n, tile * 256 + 256); ++r) {
      for (const Slice& slice : slices)
        for (std::size_t c = 0; c < slice.width && slice.first + c < k; ++c) here[slice.first + c] = (slice.*part)[r * slice.width + c];
      multiply(by, k, here.data(), moved.data());
      for (std::size_t c = 0; c < k; ++c) rows[r * stride + c] = static_cast<float>(moved[c]);
    }
  });
}

}  // namespace

void sampleWeights(const WeightsProblem& p, const Stream& stream, std::vector<float>& residual, std::vector<float>& weights,
                   ThreadTeam& team) {
  const Diagonalised basis = diagonalise(p.precision, p.weightsPrecision, p.k);
  const std::size_t units = p.layer.units(), quads = p.wide / 4;
  const std::size_t width = std::min(widest, (quads + team.threads() - 1) / team.threads() * 4);
  std::vector<double> delta(p.wide, 1.0);
  std::copy(basis.values.begin(), basis.values.end(), delta.begin());
  std::vector<Slice> slices;
  for (std::size_t first = 0; first < p.wide; first += width) slices.push_back({first, std::min(width, p.wide - first), {}, {}});
  toSlices(basis.from, p.k, residual, p.rows, p.wide, slices, &Slice::residual, team);
  toSlices(basis.from, p.k, weights, units, p.k, slices, &Slice::weights, team);
  for (std::size_t from = 0; from < units; from += unitsBetweenPolls) {
    const std::size_t to = std::min(units, from + unitsBetweenPolls);
    team.parallelFor(slices.size(),
                     [&](std::size_t s, unsigned) { samplers[slices[s].width / 4 - 1](p, stream, delta, slices[s], from, to); });
    Interruptible::poll();
  }
  fromSlices(basis.to, p.k, slices, &Slice::residual, residual, p.rows, p.wide, team);
  fromSlices(basis.to, p.k, slices, &Slice::weights, weights, units, p.k, team);
}

}  // namespace boltzkit::ratings
