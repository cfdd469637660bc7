// What the backend does with one row of a layer, by unit type. GenericRows goes through the type's
// own definition in native/units place by place, so a new type needs no change here. A type that
// has vector kernels specialises UnitRows.
#pragma once
#include <vector>

#include "cpu/engine.hpp"
#include "units/rows.hpp"

namespace boltzkit::cpu {

// The fields or states of one row and the parameters of its units [Unit::parameters, stride].
struct UnitRow {
  const float* values;
  const float* parameters;
  std::size_t parameterStride, units;
  std::uint32_t size = 1;         // the type's own number
  const float* before = nullptr;  // the states that an update replaces

  RowUnits<float> definition() const { return {parameters, parameterStride, size, units}; }
};

inline UnitRow rowOf(const Units& units, const Tensor& values, std::size_t r, const Tensor* before = nullptr) {
  const CpuTensor& parameters = cpuTensor(*units.parameters);
  return {cpuTensor(values).row(r),
          parameters.row(0),
          parameters.stride(),
          values.cols(),
          units.size,
          before ? cpuTensor(*before).row(r) : nullptr};
}

// Some units of some rows of a layer to be updated, for types that can update many at a time.
// firstUnit is a multiple of panelColumns.
struct UnitTile {
  std::size_t firstRow, rows, firstUnit, units;
  const float* fields;  // [rows, stride]
  std::size_t stride;
  CpuTensor *mean, *sample;       // of the whole layer, touched; either may be null
  std::uint64_t* bits = nullptr;  // of sample
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

  // mean and sample may be null.
  static void update(const Kernels&, const UnitRow& row, float beta, const Stream& stream, std::uint32_t chain, float* mean,
                     float* sample) {
    RowWords words(stream, chain);
    boltzkit::updateRow<Unit>(row.definition(), row.values, beta, Draw::sample, row.before, words, mean, sample);
  }

  static double cumulant(const Kernels&, const UnitRow& row, const RowShift& shift, float beta) {
    if (!shift.weights) return cumulantRow<Unit>(row.definition(), row.values, beta, row.before);
    std::vector<float> moved(row.values, row.values + row.units);
    for (std::size_t j = 0; j < row.units; ++j) moved[j] += shift.amount * shift.weights[j];
    return cumulantRow<Unit>(row.definition(), moved.data(), beta, row.before);
  }

  static double energy(const Kernels&, const UnitRow& row) { return energyRow<Unit>(row.definition(), row.values); }

  // sums [Unit::parameters, stride] += weight * statistics of the places first ... last - 1, or
  // their means if fields are given. first is a multiple of lineFloats.
  static void addStatistics(const Kernels&, const UnitRow& row, const float* fields, double weight, std::size_t first, std::size_t last,
                            std::size_t stride, double* sums) {
    boltzkit::addStatistics<Unit>(row.definition(), row.values, fields, weight, first, last, stride, sums);
  }
};

template <class Unit>
struct UnitRows : GenericRows<Unit> {};

template <>
struct UnitRows<Bernoulli> {
  static constexpr double steps = 1;

  static BernoulliTile tileOf(const UnitUpdate& update, const UnitTile& tile) {
    const Words4 c = streamCounter(update.stream, update.firstChain + static_cast<std::uint32_t>(tile.firstRow),
                                   static_cast<std::uint32_t>(tile.firstUnit / 4));
    auto at = [&](CpuTensor* t) { return t ? t->touchedRow(tile.firstRow) + tile.firstUnit : nullptr; };
    return {.rows = tile.rows,
            .units = tile.units,
            .field = tile.fields,
            .fieldStride = tile.stride,
            .bias = cpuTensor(*update.units.parameters).row(0) + tile.firstUnit,
            .beta = static_cast<float>(update.beta),
            .betas = update.betas.empty() ? nullptr : update.betas.data() + tile.firstRow,
            .mean = at(tile.mean),
            .meanStride = tile.mean ? tile.mean->stride() : 0,
            .sample = at(tile.sample),
            .sampleStride = tile.sample ? tile.sample->stride() : 0,
            .bits = tile.bits ? tile.bits + tile.firstUnit / 64 * tile.sample->bitsStride() + tile.firstRow : nullptr,
            .bitsStride = tile.bits ? tile.sample->bitsStride() : 0,
            .firstBlock = c.w[0],
            .counter = {c.w[1], c.w[2], c.w[3]},
            .key = {static_cast<std::uint32_t>(update.stream.seed), static_cast<std::uint32_t>(update.stream.seed >> 32)}};
  }

  static double cumulant(const Kernels& kernels, const UnitRow& row, const RowShift& shift, float beta) {
    return kernels.softplusSum(row.values, row.parameters, shift.weights, shift.amount, row.units, beta);
  }

  // The energy is linear in the state: one inner product.
  static double energy(const Kernels& kernels, const UnitRow& row) { return -kernels.dot(row.values, row.parameters, row.units); }

  static void addStatistics(const Kernels& kernels, const UnitRow& row, const float*, double weight, std::size_t first, std::size_t last,
                            std::size_t, double* sums) {
    kernels.addRow(row.values + first, weight, last - first, sums + first);
  }
  // The same for `count` consecutive rows of weight 1.
  static void addAllStatistics(const Kernels& kernels, const UnitRow& row, std::size_t stride, std::size_t count, std::size_t first,
                               std::size_t last, double* sums) {
    kernels.addRows(row.values + first, stride, count, last - first, sums + first);
  }
};

}  // namespace boltzkit::cpu
