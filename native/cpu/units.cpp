// Unit updates, unit statistics and reductions over units. Bernoulli layers have vector kernels; every other type goes through its own
// definition in native/units, element by element, so a new type works here without a line of change.
#include <algorithm>
#include <type_traits>

#include "core/checked.hpp"
#include "cpu/cpu_backend.hpp"

namespace boltzkit::cpu {
namespace {

// Elementary steps (Engine::parallelFor) per unit, roughly: vectorised and not.
constexpr double vectorStep = 1, scalarStep = 40;

template <class Unit>
constexpr bool isBernoulli = std::is_same_v<Unit, Bernoulli>;

void updateRow(const Kernels& kernels, Bernoulli, const UnitUpdate& update, const CpuTensor& fields, std::size_t r, float* mean, float* sample) {
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

// Unit j reads the words j * wordsPerUnit ... of its chain, four to a counter.
template <class Unit>
void updateRow(const Kernels&, Unit, const UnitUpdate& update, const CpuTensor& fields, std::size_t r, float* mean, float* sample) {
  const CpuTensor& parameters = cpuTensor(*update.units.parameters);
  const float beta = static_cast<float>(update.beta);
  const std::uint32_t chain = update.firstChain + static_cast<std::uint32_t>(r);
  for (std::size_t j = 0; j < fields.cols(); ++j) {
    const float field = fields.row(r)[j];
    const float* p = parameters.row(0) + j;
    if (mean) mean[j] = Unit::mean(field, beta, p, parameters.stride());
    if (!sample) continue;
    std::uint32_t words[Unit::wordsPerUnit];
    for (std::size_t k = 0; k < Unit::wordsPerUnit; ++k) {
      const std::size_t word = j * Unit::wordsPerUnit + k;
      words[k] = streamWords(update.stream, chain, static_cast<std::uint32_t>(word / 4)).w[word % 4];
    }
    sample[j] = Unit::sample(field, beta, p, parameters.stride(), words);
  }
}

double cumulantRow(const Kernels& kernels, Bernoulli, const CpuTensor& parameters, const float* field, const float* shift, float amount,
                   std::size_t units, float beta) {
  return kernels.softplusSum(field, parameters.row(0), shift, amount, units, beta);
}

template <class Unit>
double cumulantRow(const Kernels&, Unit, const CpuTensor& parameters, const float* field, const float* shift, float amount, std::size_t units,
                   float beta) {
  double sum = 0;
  for (std::size_t j = 0; j < units; ++j)
    sum += Unit::cumulant(field[j] + (shift ? amount * shift[j] : 0), beta, parameters.row(0) + j, parameters.stride());
  return sum;
}

// The energy is linear in the state: one inner product.
double energyRow(const Kernels& kernels, Bernoulli, const CpuTensor& parameters, const float* states, std::size_t units) {
  return -kernels.dot(states, parameters.row(0), units);
}

template <class Unit>
double energyRow(const Kernels&, Unit, const CpuTensor& parameters, const float* states, std::size_t units) {
  double sum = 0;
  for (std::size_t j = 0; j < units; ++j) sum += Unit::energy(states[j], parameters.row(0) + j, parameters.stride());
  return sum;
}

// sums [Unit::parameters, stride] += weight * statistics(states) for the columns first ... last - 1; first is a multiple of lineFloats.
void addStatistics(const Kernels& kernels, Bernoulli, const float* states, double weight, std::size_t first, std::size_t last, std::size_t,
                   double* sums) {
  kernels.addRow(states + first, weight, last - first, sums + first);
}

template <class Unit>
void addStatistics(const Kernels&, Unit, const float* states, double weight, std::size_t first, std::size_t last, std::size_t stride,
                   double* sums) {
  for (std::size_t j = first; j < last; ++j) {
    float statistic[Unit::parameters];
    Unit::statistics(states[j], statistic);
    for (std::size_t k = 0; k < Unit::parameters; ++k) sums[k * stride + j] += weight * statistic[k];
  }
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

void CpuBackend::clamp(const Tensor& mask, const Tensor& values, Tensor& states) {
  const CpuTensor &chosen = cpuTensor(mask), &from = cpuTensor(values);
  CpuTensor& to = cpuTensor(states);
  to.touch();
  engine_.parallelRows(states.rows(), static_cast<double>(states.rows() * states.cols()) / 4, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r)
      engine_.kernels().clampRow(chosen.row(mask.rows() == 1 ? 0 : r), from.row(values.rows() == 1 ? 0 : r), to.touchedRow(r), states.cols());
  });
}

// Threads share the columns, so every sum runs over rising rows.
void CpuBackend::unitStatistics(UnitType type, const Tensor& states, const Tensor* rowWeights, double alpha, double beta, Tensor& out) {
  visitUnit(type, [&](auto unit) {
    using Unit = decltype(unit);
    constexpr std::size_t tileColumns = 128;
    const CpuTensor& from = cpuTensor(states);
    CpuTensor& to = cpuTensor(out);
    to.touch();
    const std::size_t stride = from.stride(), tiles = (states.cols() + tileColumns - 1) / tileColumns;
    double* sums = engine_.workspace().columns.atLeast(Unit::parameters * stride);
    engine_.parallelFor(tiles, steps<Unit>(states), [&](std::size_t tile, unsigned) {
      const std::size_t first = tile * tileColumns, last = std::min(first + tileColumns, states.cols());
      for (std::size_t k = 0; k < Unit::parameters; ++k) std::fill(sums + k * stride + first, sums + k * stride + roundUp(last, lineFloats), 0.0);
      for (std::size_t r = 0; r < states.rows(); ++r)
        addStatistics(engine_.kernels(), unit, from.row(r), rowWeights ? cpuTensor(*rowWeights).row(0)[r] : 1.0, first, last, stride, sums);
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
      for (std::size_t r = first; r < last; ++r)
        out[r] = energyRow(engine_.kernels(), unit, cpuTensor(*units.parameters), cpuTensor(states).row(r), states.cols());
    });
  });
}

void CpuBackend::cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, std::span<double> out) {
  visitUnit(units.type, [&](auto unit) {
    engine_.parallelRows(fields.rows(), steps<decltype(unit)>(fields), [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r) {
        const float* moved = shift ? cpuTensor(*shift->weights).row(shift->unit[r]) : nullptr;
        const float amount = shift ? static_cast<float>(shift->amount[r]) : 0;
        out[r] = cumulantRow(engine_.kernels(), unit, cpuTensor(*units.parameters), cpuTensor(fields).row(r), moved, amount, fields.cols(),
                             static_cast<float>(beta));
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
