// What the backend does with one row of a layer, by unit type. GenericRows goes through the type's own definition in native/units element by
// element, so a new type works without a line of change here; a type that has vector kernels specialises UnitRows.
#pragma once
#include "core/random.hpp"
#include "cpu/engine.hpp"
#include "units/units.hpp"

namespace boltzkit::cpu {

// The fields or states of one row and the parameters of its units [Unit::parameters, stride].
struct UnitRow {
  const float* values;
  const float* parameters;
  std::size_t parameterStride, units;
};

// Moves the fields of a row by amount * weights; weights may be null.
struct RowShift {
  const float* weights = nullptr;
  float amount = 0;
};

template <class Unit>
struct GenericRows {
  // Elementary steps (Engine::parallelFor) per unit, roughly.
  static constexpr double steps = 40;

  // Unit j reads the words j * wordsPerUnit ... of its chain, four to a counter. mean and sample may be null.
  static void update(const Kernels&, const UnitRow& row, float beta, const Stream& stream, std::uint32_t chain, float* mean,
                     float* sample) {
    for (std::size_t j = 0; j < row.units; ++j) {
      if (mean) mean[j] = Unit::mean(row.values[j], beta, row.parameters + j, row.parameterStride);
      if (!sample) continue;
      std::uint32_t words[Unit::wordsPerUnit];
      for (std::size_t k = 0; k < Unit::wordsPerUnit; ++k) {
        const std::size_t word = j * Unit::wordsPerUnit + k;
        words[k] = streamWords(stream, chain, static_cast<std::uint32_t>(word / 4)).w[word % 4];
      }
      sample[j] = Unit::sample(row.values[j], beta, row.parameters + j, row.parameterStride, words);
    }
  }

  static double cumulant(const Kernels&, const UnitRow& row, const RowShift& shift, float beta) {
    double sum = 0;
    for (std::size_t j = 0; j < row.units; ++j) {
      const float moved = shift.weights ? shift.amount * shift.weights[j] : 0;
      sum += Unit::cumulant(row.values[j] + moved, beta, row.parameters + j, row.parameterStride);
    }
    return sum;
  }

  static double energy(const Kernels&, const UnitRow& row) {
    double sum = 0;
    for (std::size_t j = 0; j < row.units; ++j) sum += Unit::energy(row.values[j], row.parameters + j, row.parameterStride);
    return sum;
  }

  // sums [Unit::parameters, stride] += weight * statistics of the units first ... last - 1; first is a multiple of lineFloats.
  static void addStatistics(const Kernels&, const float* states, double weight, std::size_t first, std::size_t last, std::size_t stride,
                            double* sums) {
    for (std::size_t j = first; j < last; ++j) {
      float statistic[Unit::parameters];
      Unit::statistics(states[j], statistic);
      for (std::size_t k = 0; k < Unit::parameters; ++k) sums[k * stride + j] += weight * statistic[k];
    }
  }
};

template <class Unit>
struct UnitRows : GenericRows<Unit> {};

template <>
struct UnitRows<Bernoulli> {
  static constexpr double steps = 1;

  static void update(const Kernels& kernels, const UnitRow& row, float beta, const Stream& stream, std::uint32_t chain, float* mean,
                     float* sample) {
    const Words4 c = streamCounter(stream, chain, 0);
    kernels.bernoulliRow({.field = row.values,
                          .bias = row.parameters,
                          .units = row.units,
                          .beta = beta,
                          .mean = mean,
                          .sample = sample,
                          .counter = {c.w[1], c.w[2], c.w[3]},
                          .key = {static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)}});
  }

  static double cumulant(const Kernels& kernels, const UnitRow& row, const RowShift& shift, float beta) {
    return kernels.softplusSum(row.values, row.parameters, shift.weights, shift.amount, row.units, beta);
  }

  // The energy is linear in the state: one inner product.
  static double energy(const Kernels& kernels, const UnitRow& row) { return -kernels.dot(row.values, row.parameters, row.units); }

  static void addStatistics(const Kernels& kernels, const float* states, double weight, std::size_t first, std::size_t last, std::size_t,
                            double* sums) {
    kernels.addRow(states + first, weight, last - first, sums + first);
  }
};

}  // namespace boltzkit::cpu
