// Compiles the functions on rows of units as device code, for every unit type. Nothing runs.
#include "units/rows.hpp"

namespace boltzkit::test {

template <class Unit>
__device__ void all(const RowUnits<float>& units, const Stream& stream, const float* field, float* states, float* means, double* sums) {
  RowWords words(stream, 0);
  updateRow<Unit>(units, field, 1.0f, Draw::sample, states, words, means, states);
  float scratch[64];
  const auto lateral = [&](std::size_t place) { return field[place]; };
  sweepRow<Unit>(units, nullptr, field, static_cast<const float*>(nullptr), 1.0f, Draw::sample, words, lateral, scratch, states);
  modeRow<Unit>(units, field, states, states);
  drawBinaryRow(words, units.places, states);
  sums[0] = cumulantRow<Unit>(units, field, 1.0f, states) + energyRow<Unit>(units, states);
  addStatistics<Unit>(units, states, field, 1.0, 0, units.places, units.places, sums);
  addMoments<Unit>(units, states, means, true, field, 1.0, 0, units.places, sums, sums + units.places);
}

template <class Unit>
__global__ void kernel(RowUnits<float> units, Stream stream, const float* field, float* states, float* means, double* sums) {
  all<Unit>(units, stream, field, states, means, sums);
}

#define BOLTZKIT_KERNEL(enumerator, type) \
  template __global__ void kernel<type>(RowUnits<float>, Stream, const float*, float*, float*, double*);
BOLTZKIT_UNITS(BOLTZKIT_KERNEL)

}  // namespace boltzkit::test
