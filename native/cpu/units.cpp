// Unit updates, unit statistics and reductions over units. Bernoulli layers have vector kernels; every other type goes through its own
// definition in native/units, element by element, so a new type works here without a line of change.
#include <algorithm>
#include <type_traits>
#include <vector>

#include "core/checked.hpp"
#include "cpu/cpu_backend.hpp"
#include "units/rows.hpp"

namespace boltzkit::cpu {
namespace {

// Elementary steps (Engine::parallelFor) per unit, roughly: vectorised and not.
constexpr double vectorStep = 1, scalarStep = 40;

template <class Unit>
constexpr bool isBernoulli = std::is_same_v<Unit, Bernoulli>;

void updateRow(const Kernels& kernels, Bernoulli, const UnitUpdate& update, const CpuTensor& fields, std::size_t r, float* mean,
               float* sample) {
  const Words4 c = streamCounter(update.stream, update.firstChain + static_cast<std::uint32_t>(r), 0);
  kernels.bernoulliRow({.field = fields.row(r),
                        .bias = cpuTensor(*update.units.parameters).row(0),
                        .units = fields.cols(),
                        .beta = static_cast<float>(update.beta),
                        .mean = mean,
                        .sample = sample,
                        .counter = {c.w[1], c.w[2], c.w[3]},
                        .key = {static_cast<std::uint32_t>(update.stream.seed), static_cast<std::uint32_t>(update.stream.seed >> 32)}});
}

RowUnits<float> rowUnits(const Units& units) {
  const CpuTensor& p = cpuTensor(*units.parameters);
  return {p.row(0), p.stride(), units.size, p.cols()};
}

template <class Unit>
void updateRow(const Kernels&, Unit, const UnitUpdate& update, const CpuTensor& fields, std::size_t r, float* mean, float* sample) {
  RowWords words(update.stream, update.firstChain + static_cast<std::uint32_t>(r));
  boltzkit::updateRow<Unit>(rowUnits(update.units), fields.row(r), static_cast<float>(update.beta),
                            update.before ? cpuTensor(*update.before).row(r) : nullptr, words, mean, sample);
}

double cumulantRow(const Kernels& kernels, Bernoulli, const Units& units, const float* field, const float* shift, float amount,
                   float beta) {
  const CpuTensor& parameters = cpuTensor(*units.parameters);
  return kernels.softplusSum(field, parameters.row(0), shift, amount, parameters.cols(), beta);
}

template <class Unit>
double cumulantRow(const Kernels&, Unit, const Units& units, const float* field, const float* shift, float amount, float beta) {
  if (!shift) return boltzkit::cumulantRow<Unit, float>(rowUnits(units), field, beta, nullptr);
  std::vector<float> moved(units.parameters->cols());
  for (std::size_t j = 0; j < moved.size(); ++j) moved[j] = field[j] + amount * shift[j];
  return boltzkit::cumulantRow<Unit, float>(rowUnits(units), moved.data(), beta, nullptr);
}

// The energy is linear in the state: one inner product.
double energyRow(const Kernels& kernels, Bernoulli, const Units& units, const float* states) {
  return -kernels.dot(states, cpuTensor(*units.parameters).row(0), units.parameters->cols());
}

template <class Unit>
double energyRow(const Kernels&, Unit, const Units& units, const float* states) {
  return boltzkit::energyRow<Unit>(rowUnits(units), states);
}

// sums [Unit::parameters, stride] += weight * statistics for the places first ... last - 1; first is a multiple of lineFloats.
void addStatistics(const Kernels& kernels, Bernoulli, const Units&, const float* states, const float*, double weight, std::size_t first,
                   std::size_t last, std::size_t, double* sums) {
  kernels.addRow(states + first, weight, last - first, sums + first);
}

template <class Unit>
void addStatistics(const Kernels&, Unit, const Units& units, const float* states, const float* field, double weight, std::size_t first,
                   std::size_t last, std::size_t stride, double* sums) {
  boltzkit::addStatistics<Unit>(rowUnits(units), states, field, weight, first, last, stride, sums);
}

template <class Unit>
double steps(const Tensor& t) {
  return static_cast<double>(t.rows() * t.cols()) * (isBernoulli<Unit> ? vectorStep : scalarStep);
}

}  // namespace

void CpuBackend::updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) {
  visitUnit(update.units.type, [&](auto unit) {
    CpuTensor *means = mean ? &cpuTensor(*mean) : nullptr, *samples = sample ? &cpuTensor(*sample) : nullptr;
    if (means) means->touch();
    if (samples) samples->touch();
    engine_.parallelRows(fields.rows(), steps<decltype(unit)>(fields), [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r)
        updateRow(engine_.kernels(), unit, update, cpuTensor(fields), r, means ? means->touchedRow(r) : nullptr,
                  samples ? samples->touchedRow(r) : nullptr);
    });
  });
}

// A chain is a row: threads share the chains, and a unit's lateral field is one inner product with a row of the symmetric weights.
void CpuBackend::sweepLateral(const UnitUpdate& update, const Tensor& fields, const Tensor& weights, Tensor& states) {
  visitUnit(update.units.type, [&](auto unit) {
    CpuTensor& to = cpuTensor(states);
    to.touch();
    const double work = static_cast<double>(states.rows() * states.cols()) * (scalarStep + static_cast<double>(states.cols()) / 8);
    engine_.parallelRows(states.rows(), work, [&](std::size_t first, std::size_t last) {
      std::vector<float> scratch(update.units.size);
      for (std::size_t r = first; r < last; ++r) {
        RowWords words(update.stream, update.firstChain + static_cast<std::uint32_t>(r));
        float* s = to.touchedRow(r);
        auto lateral = [&](std::size_t j) {
          return static_cast<float>(engine_.kernels().dot(cpuTensor(weights).row(j), s, states.cols()));
        };
        boltzkit::sweepRow<decltype(unit)>(rowUnits(update.units), cpuTensor(fields).row(r), static_cast<float>(update.beta), words,
                                           lateral, scratch.data(), s);
      }
    });
  });
}

void CpuBackend::clamp(const Tensor& mask, const Tensor& values, Tensor& states) {
  const CpuTensor &chosen = cpuTensor(mask), &from = cpuTensor(values);
  CpuTensor& to = cpuTensor(states);
  to.touch();
  engine_.parallelRows(states.rows(), static_cast<double>(states.rows() * states.cols()) / 4, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r)
      engine_.kernels().clampRow(chosen.row(mask.rows() == 1 ? 0 : r), from.row(values.rows() == 1 ? 0 : r), to.touchedRow(r),
                                 states.cols());
  });
}

// Threads share the columns, so every sum runs over rising rows.
void CpuBackend::unitStatistics(const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights, double alpha,
                                double beta, Tensor& out) {
  visitUnit(units.type, [&](auto unit) {
    using Unit = decltype(unit);
    constexpr std::size_t tileColumns = 128;
    const CpuTensor& from = cpuTensor(states);
    CpuTensor& to = cpuTensor(out);
    to.touch();
    const std::size_t stride = from.stride(), tiles = (states.cols() + tileColumns - 1) / tileColumns;
    double* sums = engine_.workspace().columns.atLeast(Unit::parameters * stride);
    engine_.parallelFor(tiles, steps<Unit>(states), [&](std::size_t tile, unsigned) {
      const std::size_t first = tile * tileColumns, last = std::min(first + tileColumns, states.cols());
      for (std::size_t k = 0; k < Unit::parameters; ++k)
        std::fill(sums + k * stride + first, sums + k * stride + roundUp(last, lineFloats), 0.0);
      for (std::size_t r = 0; r < states.rows(); ++r)
        addStatistics(engine_.kernels(), unit, units, from.row(r), fields ? cpuTensor(*fields).row(r) : nullptr,
                      rowWeights ? cpuTensor(*rowWeights).row(0)[r] : 1.0, first, last, stride, sums);
      for (std::size_t k = 0; k < Unit::parameters; ++k)
        for (std::size_t j = first; j < last; ++j) {
          float& place = to.touchedRow(k)[j];
          place = static_cast<float>((beta == 0 ? 0 : beta * place) + alpha * sums[k * stride + j]);
        }
    });
  });
}

void CpuBackend::unitEnergies(const Units& units, const Tensor& states, std::span<double> out) {
  visitUnit(units.type, [&](auto unit) {
    engine_.parallelRows(states.rows(), steps<decltype(unit)>(states), [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r) out[r] = energyRow(engine_.kernels(), unit, units, cpuTensor(states).row(r));
    });
  });
}

void CpuBackend::cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, std::span<double> out) {
  visitUnit(units.type, [&](auto unit) {
    engine_.parallelRows(fields.rows(), steps<decltype(unit)>(fields), [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r) {
        const float* moved = shift ? cpuTensor(*shift->weights).row(shift->unit[r]) : nullptr;
        const float amount = shift ? static_cast<float>(shift->amount[r]) : 0;
        out[r] = cumulantRow(engine_.kernels(), unit, units, cpuTensor(fields).row(r), moved, amount, static_cast<float>(beta));
      }
    });
  });
}

void CpuBackend::rowDots(const Tensor& a, const Tensor& b, std::span<double> out) {
  engine_.parallelRows(a.rows(), static_cast<double>(a.rows() * a.cols()) / 2, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) out[r] = engine_.kernels().dot(cpuTensor(a).row(r), cpuTensor(b).row(r), a.cols());
  });
}

}  // namespace boltzkit::cpu
