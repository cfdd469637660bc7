// Unit updates, unit statistics and reductions over units.
#include <algorithm>
#include <vector>

#include "core/checked.hpp"
#include "cpu/cpu_backend.hpp"
#include "cpu/product.hpp"
#include "cpu/rounded_weights.hpp"
#include "cpu/unit_rows.hpp"

namespace boltzkit::cpu {
namespace {

// Columns that a thread sums up at a time.
constexpr std::size_t tileColumns = 128;

template <class Unit>
double stepsFor(const Tensor& t) {
  return static_cast<double>(t.rows() * t.cols()) * UnitRows<Unit>::steps;
}

// Elementary steps of `moments` for one value.
template <class Unit>
constexpr double momentSteps = Unit::linear ? 4 : 40;

RowShift shiftOf(const FieldShift* shift, std::size_t r) {
  if (!shift) return {};
  return {cpuTensor(*shift->weights).row(shift->unit[r]), static_cast<float>(shift->amount[r])};
}

// Vector kernels draw samples; the mode of a unit goes by its definition.
bool drawsSamples(const UnitUpdate& update, const void* sample) { return update.draw == Draw::sample || !sample; }

template <class Unit>
void updateRow(const Engine& engine, const UnitUpdate& update, const UnitRow& row, std::size_t r, float* mean, float* sample) {
  const float beta = static_cast<float>(update.betaOf(r));
  const std::uint32_t chain = update.firstChain + static_cast<std::uint32_t>(r);
  if constexpr (requires { UnitRows<Unit>::update; })
    if (drawsSamples(update, sample)) return UnitRows<Unit>::update(engine.kernels(), row, beta, update.stream, chain, mean, sample);
  RowWords words(update.stream, chain);
  boltzkit::updateRow<Unit>(row.definition(), row.values, beta, update.draw, row.before, words, mean, sample);
}

// Adds the statistics of all rows at the places first ... last - 1.
template <class Unit>
void addRows(const Engine& engine, const Units& units, const Tensor& states, const Tensor* fields, const Tensor* rowWeights,
             std::size_t first, std::size_t last, double* sums) {
  const std::size_t stride = cpuTensor(states).stride();
  if constexpr (requires { UnitRows<Unit>::addAllStatistics; })
    if (!rowWeights && states.rows() > 0)
      return UnitRows<Unit>::addAllStatistics(engine.kernels(), rowOf(units, states, 0), stride, states.rows(), first, last, sums);
  for (std::size_t r = 0; r < states.rows(); ++r) {
    const double weight = rowWeights ? cpuTensor(*rowWeights).row(0)[r] : 1.0;
    const float* given = fields ? cpuTensor(*fields).row(r) : nullptr;
    UnitRows<Unit>::addStatistics(engine.kernels(), rowOf(units, states, r), given, weight, first, last, stride, sums);
  }
}

// An output that will be written; it may be null.
CpuTensor* touched(Tensor* t) {
  if (!t) return nullptr;
  cpuTensor(*t).touch();
  return &cpuTensor(*t);
}

}  // namespace

void CpuBackend::updateUnits(const UnitUpdate& update, const Tensor& fields, Tensor* mean, Tensor* sample) {
  visitUnit(update.units.type, [&](auto unit) {
    using Unit = decltype(unit);
    CpuTensor *means = touched(mean), *samples = touched(sample);
    if constexpr (requires { UnitRows<Unit>::tileOf; })
      if (drawsSamples(update, sample)) {
        std::uint64_t* bits = samples ? samples->newBits() : nullptr;
        return engine_.parallelRows(fields.rows(), stepsFor<Unit>(fields), [&](std::size_t first, std::size_t last) {
          engine_.kernels().bernoulliTile(UnitRows<Unit>::tileOf(
              update,
              {first, last - first, 0, fields.cols(), cpuTensor(fields).row(first), cpuTensor(fields).stride(), means, samples, bits}));
        });
      }
    engine_.parallelRows(fields.rows(), stepsFor<Unit>(fields), [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r)
        updateRow<Unit>(engine_, update, rowOf(update.units, fields, r, update.before), r, means ? means->touchedRow(r) : nullptr,
                        samples ? samples->touchedRow(r) : nullptr);
    });
  });
}

// Types that update many units at a time do so for each tile of the product that computes their
// fields.
void CpuBackend::fieldsAndUnits(std::span<const FieldTerm> terms, const UnitUpdate& update, Tensor& fields, Tensor* mean, Tensor* sample) {
  visitUnit(update.units.type, [&](auto unit) {
    using Unit = decltype(unit);
    if constexpr (requires { UnitRows<Unit>::tileOf; })
      if (terms.size() == 1 && !terms[0].graph && drawsSamples(update, sample)) {
        CpuTensor *means = touched(mean), *samples = touched(sample);
        std::uint64_t* bits = samples ? samples->newBits() : nullptr;
        return multiply(engine_, fieldProduct(terms[0], false, toleranceOf(update), cpuTensor(fields)), [&](const ProductTile& tile) {
          return UnitRows<Unit>::tileOf(
              update, {tile.firstRow, tile.rows, tile.firstColumn, tile.columns, tile.sums, tile.stride, means, samples, bits});
        });
      }
    addFields(terms, false, toleranceOf(update), fields);
    updateUnits(update, fields, mean, sample);
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
    const CpuTensor& from = cpuTensor(states);
    CpuTensor& to = cpuTensor(out);
    to.touch();
    const std::size_t stride = from.stride(), tiles = (states.cols() + tileColumns - 1) / tileColumns;
    double* sums = engine_.workspace().columns.atLeast(Unit::parameters * stride);
    engine_.parallelFor(tiles, stepsFor<Unit>(states), [&](std::size_t tile, unsigned) {
      const std::size_t first = tile * tileColumns, last = std::min(first + tileColumns, states.cols());
      for (std::size_t k = 0; k < Unit::parameters; ++k)
        std::fill(sums + k * stride + first, sums + k * stride + roundUp(last, lineFloats), 0.0);
      addRows<Unit>(engine_, units, states, fields, rowWeights, first, last, sums);
      for (std::size_t k = 0; k < Unit::parameters; ++k)
        for (std::size_t j = first; j < last; ++j) {
          float& place = to.touchedRow(k)[j];
          place = static_cast<float>((beta == 0 ? 0 : beta * place) + alpha * sums[k * stride + j]);
        }
    });
  });
}

// As in unitStatistics, threads share the columns.
void CpuBackend::moments(const MomentTerm& term, bool accumulate, Doubles& out) {
  visitUnit(term.units.type, [&](auto unit) {
    using Unit = decltype(unit);
    const std::size_t places = term.values->cols(), tiles = (places + tileColumns - 1) / tileColumns;
    double *first = numbersOf(out).data(), *second = first + places;
    engine_.parallelFor(tiles, momentSteps<Unit> * static_cast<double>(term.values->rows() * places), [&](std::size_t tile, unsigned) {
      const std::size_t begin = tile * tileColumns, end = std::min(begin + tileColumns, places);
      if (!accumulate) {
        std::fill(first + begin, first + end, 0.0);
        std::fill(second + begin, second + end, 0.0);
      }
      for (std::size_t r = 0; r < term.values->rows(); ++r) {
        const double weight = term.alpha * (term.rowWeights ? cpuTensor(*term.rowWeights).row(0)[r] : 1.0);
        const UnitRow row = rowOf(term.units, *term.values, r);
        addMoments<Unit>(row.definition(), row.values, cpuTensor(*term.centre).row(0), term.means,
                         term.fields ? cpuTensor(*term.fields).row(r) : nullptr, weight, begin, end, first, second);
      }
    });
  });
}

void CpuBackend::unitEnergies(const Units& units, const Tensor& states, const RowSum& sum) {
  visitUnit(units.type, [&](auto unit) {
    using Unit = decltype(unit);
    engine_.parallelRows(states.rows(), stepsFor<Unit>(states), [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r) put(UnitRows<Unit>::energy(engine_.kernels(), rowOf(units, states, r)), sum, r);
    });
  });
}

void CpuBackend::cumulants(const Units& units, const Tensor& fields, double beta, const FieldShift* shift, const RowSum& sum) {
  visitUnit(units.type, [&](auto unit) {
    using Unit = decltype(unit);
    engine_.parallelRows(fields.rows(), stepsFor<Unit>(fields), [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r)
        put(UnitRows<Unit>::cumulant(engine_.kernels(), rowOf(units, fields, r), shiftOf(shift, r), static_cast<float>(beta)), sum, r);
    });
  });
}

void CpuBackend::rowDots(const Tensor& a, const Tensor& b, const RowSum& sum) {
  engine_.parallelRows(a.rows(), static_cast<double>(a.rows() * a.cols()) / 2, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) put(engine_.kernels().dot(cpuTensor(a).row(r), cpuTensor(b).row(r), a.cols()), sum, r);
  });
}

}  // namespace boltzkit::cpu
