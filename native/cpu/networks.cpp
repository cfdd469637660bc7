// What networks need besides products: derivatives of means, dropout, limits of norms.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <type_traits>
#include <vector>

#include "core/checked.hpp"
#include "cpu/cpu_backend.hpp"
#include "cpu/unit_rows.hpp"

namespace boltzkit::cpu {
namespace {

// Columns whose norms a thread limits at a time.
constexpr std::size_t limitedColumns = 128;

// Variances of rectified units from their means m, without the error function: in units of
// sigma = exp(-logPrecision / 2) and with a = -sigma (field + bias), 1 - (m + a) m. Where that
// cancels: the series of units/truncated_normal.hpp, which here leaves out 1e-6 of the value, or
// lambda = phi(a), which leaves out 3e-5 of what the truncation changes.
constexpr double varianceSeriesFrom = 30, barelyTruncated = -4;

double rectifiedVariance(double sigma, double field, double mean) {
  const double a = -sigma * field, m = mean / sigma, r = 1 / (a * a);
  if (a > varianceSeriesFrom) return sigma * sigma * r * (1 - r * (6 - 50 * r));
  if (a > barelyTruncated) return sigma * sigma * std::max(0.0, 1 - (m + a) * m);
  const double lambda = 0.3989422804014327 * std::exp(-a * a / 2);
  return sigma * sigma * (1 - lambda * (lambda - a));
}

std::vector<double> deviationsOf(const CpuTensor& parameters) {
  std::vector<double> sigma(parameters.cols());
  for (std::size_t j = 0; j < sigma.size(); ++j) sigma[j] = std::exp(-static_cast<double>(parameters.row(1)[j]) / 2);
  return sigma;
}

template <class Unit>
void throughMeansOf(const Kernels& kernels, const UnitRow& row, const float* mean, float* gradient) {
  if constexpr (std::is_same_v<Unit, Bernoulli>)
    kernels.logisticSlope(mean, gradient, row.units);
  else if constexpr (std::is_same_v<Unit, Spin>)
    kernels.tanhSlope(mean, gradient, row.units);
  else
    throughMeansRow<Unit>(row.definition(), row.values, mean, gradient);
}

}  // namespace

void CpuBackend::throughMeans(const Units& units, const Tensor& fields, const Tensor& mean, Tensor& gradient) {
  visitUnit(units.type, [&](auto unit) {
    using Unit = decltype(unit);
    CpuTensor& to = cpuTensor(gradient);
    to.touch();
    std::vector<double> sigma;
    if constexpr (std::is_same_v<Unit, Relu>) sigma = deviationsOf(cpuTensor(*units.parameters));
    const double steps = static_cast<double>(gradient.rows() * gradient.cols()) * UnitRows<Unit>::steps;
    engine_.parallelRows(gradient.rows(), steps, [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r) {
        const UnitRow row = rowOf(units, fields, r);
        const float* const m = cpuTensor(mean).row(r);
        float* const g = to.touchedRow(r);
        if constexpr (std::is_same_v<Unit, Relu>)
          for (std::size_t j = 0; j < row.units; ++j)
            g[j] *= static_cast<float>(rectifiedVariance(sigma[j], static_cast<double>(row.values[j]) + row.parameters[j], m[j]));
        else
          throughMeansOf<Unit>(engine_.kernels(), row, m, g);
      }
    });
  });
}

void CpuBackend::drop(const Stream& stream, double rate, const Tensor& from, Tensor& out) {
  CpuTensor& to = cpuTensor(out);
  to.touch();
  const auto scale = static_cast<float>(1 / (1 - rate));
  const auto threshold = static_cast<float>(dropThreshold(rate));  // a whole number up to 2^24: exact
  engine_.parallelRows(from.rows(), 2 * static_cast<double>(from.rows() * from.cols()), [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      const Words4 c = streamCounter(stream, static_cast<std::uint32_t>(r), 0);
      engine_.kernels().dropRow({cpuTensor(from).row(r),
                                 from.cols(),
                                 threshold,
                                 scale,
                                 {c.w[1], c.w[2], c.w[3]},
                                 {static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)},
                                 to.touchedRow(r)});
    }
  });
}

void CpuBackend::limitColumns(double limit, Tensor& weights) {
  CpuTensor& to = cpuTensor(weights);
  std::atomic<bool> changed{false};
  const std::size_t rows = weights.rows(), cols = weights.cols();
  engine_.parallelFor(blocksOf(cols, limitedColumns), static_cast<double>(rows * cols) / 2, [&](std::size_t tile, unsigned) {
    const std::size_t first = tile * limitedColumns, count = std::min(limitedColumns, cols - first);
    alignas(64) double squares[limitedColumns] = {};
    alignas(64) float factors[limitedColumns];
    for (std::size_t i = 0; i < rows; ++i) engine_.kernels().addSquares(to.row(i) + first, count, squares);
    bool any = false;
    for (std::size_t j = 0; j < limitedColumns; ++j) {
      const bool large = squares[j] > limit * limit;
      factors[j] = large ? static_cast<float>(limit / std::sqrt(squares[j])) : 1.0f;
      any = any || large;
    }
    if (any) changed = true;
    for (std::size_t i = 0; any && i < rows; ++i) engine_.kernels().multiplyRow(factors, to.touchedRow(i) + first, count);
  });
  // What was derived from weights that stayed as they are still holds.
  if (changed) to.touch();
}

}  // namespace boltzkit::cpu
