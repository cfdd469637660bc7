// Kernels of unit types: draws, means, statistics and reductions over units, from the functions on
// rows that all backends share (units/rows.hpp).
#pragma once
#include "cuda/calls.hpp"
#include "cuda/plugin/kernels/products.cuh"
#include "cuda/plugin/threads.cuh"
#include "units/rows.hpp"

namespace boltzkit::cuda {

// A thread to four neighbouring units of a row, which often share one block of random words.
template <class Unit>
__device__ void run(const UpdateUnits<Unit>& c) {
  const std::size_t places = c.units.places, count = places / unitSize<Unit>(c.units), groups = groupsOf(count);
  for (const std::size_t i : pieces(c.rows * groups)) {
    const std::size_t row = i / groups, first = i % groups * wordsPerBlock, at = row * places;
    RowWords words(c.update.stream, static_cast<std::uint32_t>(c.update.firstChain + row));
    for (std::size_t k = 0; k < wordsPerBlock; ++k)
      if (first + k < count)
        updateUnit<Unit>(c.units, first + k, c.fields + at, c.update.betaOf(row), c.update.draw, c.before ? c.before + at : nullptr, words,
                         c.mean ? c.mean + at : nullptr, c.sample ? c.sample + at : nullptr);
  }
}

// A block to a row: its threads add up the field of a unit, and the first one draws it.
template <class Unit>
__device__ void run(const SweepLateral<Unit>& c) {
  const std::size_t row = blockIdx.x, places = c.units.places, size = unitSize<Unit>(c.units), count = places / size;
  float *own = c.states + row * places, *field = c.scratch + row * size;
  const float* outer = c.fields ? c.fields + row * places : nullptr;
  const float* keep = c.keep ? c.keep + (c.oneKeep ? 0 : row * places) : nullptr;
  for (std::uint64_t n = 0; n < c.sweeps; ++n) {
    Stream stream = c.update.stream;
    stream.step += n;
    RowWords words(stream, static_cast<std::uint32_t>(c.update.firstChain + row));
    for (std::size_t p = 0; p < count; ++p) {
      const std::size_t j = (c.hasGraph ? c.graph.order[p] : p) * size;
      if (keep && keep[j] != 0) continue;
      for (std::size_t k = 0; k < size; ++k) {
        double part = 0;
        if (c.hasGraph)
          part = graphField(c.graph, c.weights, own, j + k, threadIdx.x, blockDim.x);
        else
          for (std::size_t i = threadIdx.x; i < places; i += blockDim.x)
            part += static_cast<double>(c.weights[(j + k) * places + i]) * static_cast<double>(own[i]);
        const double sum = blockSum(part);
        if (threadIdx.x == 0) field[k] = static_cast<float>((outer ? static_cast<double>(outer[j + k]) : 0.0) + sum);
      }
      if (threadIdx.x == 0)
        redraw<Unit>(c.units.at(j), field, c.update.betaOf(row), c.update.draw, words, p * Unit::words(c.units.size), own + j, own + j);
      __syncthreads();
    }
  }
}

// A thread to a place.
template <class Unit>
__device__ void run(const UnitStatistics<Unit>& c) {
  const std::size_t places = c.units.places;
  for (const std::size_t j : pieces(places)) {
    double sums[Unit::parameters] = {};
    for (std::size_t r = 0; r < c.rows; ++r) {
      float statistic[Unit::parameters];
      statisticsOf<Unit>(c.units, j, c.states + r * places, c.fields ? c.fields + r * places : nullptr, statistic);
      const double weight = c.rowWeights ? static_cast<double>(c.rowWeights[r]) : 1.0;
      for (std::size_t k = 0; k < Unit::parameters; ++k) sums[k] += weight * static_cast<double>(statistic[k]);
    }
    for (std::size_t k = 0; k < Unit::parameters; ++k) {
      float& place = c.out[k * places + j];
      place = static_cast<float>((c.beta == 0 ? 0 : c.beta * static_cast<double>(place)) + c.alpha * sums[k]);
    }
  }
}

// A thread to a place.
template <class Unit>
__device__ void run(const Moments<Unit>& c) {
  const std::size_t places = c.units.places;
  for (const std::size_t j : pieces(places)) {
    if (!c.accumulate) c.out[j] = c.out[places + j] = 0;
    for (std::size_t r = 0; r < c.rows; ++r)
      addMoments<Unit>(c.units, c.values + r * places, c.centre, c.means, c.fields ? c.fields + r * places : nullptr,
                       c.alpha * (c.rowWeights ? static_cast<double>(c.rowWeights[r]) : 1.0), j, j + 1, c.out, c.out + places);
  }
}

template <class Unit>
__device__ void run(const ThroughMeans<Unit>& c) {
  const std::size_t places = c.units.places, count = places / unitSize<Unit>(c.units);
  for (const std::size_t i : pieces(c.n)) {
    const std::size_t at = i / count * places;
    throughMeansUnit<Unit>(c.units, i % count, c.fields + at, c.mean + at, c.gradient + at);
  }
}

// --- reductions over the places of each row, a block to a row ----------------------------------------

// The energy of one unit; of types with one place in double precision.
template <class Unit>
__device__ double exactEnergy(const RowUnits<float>& units, std::size_t unit, const float* states) {
  if constexpr (Unit::grouped) {
    return energyOf<Unit>(units, unit, states);
  } else {
    double parameters[Unit::parameters];
    for (std::size_t k = 0; k < Unit::parameters; ++k) parameters[k] = static_cast<double>(units.at(unit)[k]);
    return Unit::energy(static_cast<double>(states[unit]), UnitView<double>{parameters, 1, units.size});
  }
}

template <class Unit>
__device__ void run(const Energies<Unit>& c) {
  const std::size_t row = blockIdx.x, count = c.units.places / unitSize<Unit>(c.units);
  double own = 0;
  for (std::size_t unit = threadIdx.x; unit < count; unit += blockDim.x)
    own += exactEnergy<Unit>(c.units, unit, c.states + row * c.units.places);
  const double all = blockSum(own);
  if (threadIdx.x == 0) c.sum.put(row, all);
}

template <class Unit>
__device__ void run(const Cumulants<Unit>& c) {
  const std::size_t row = blockIdx.x, count = c.units.places / unitSize<Unit>(c.units);
  double own = 0;
  for (std::size_t unit = threadIdx.x; unit < count; unit += blockDim.x)
    own += cumulantOf<Unit>(c.units, unit, c.fields + row * c.units.places, c.beta, static_cast<const float*>(nullptr));
  const double all = blockSum(own);
  if (threadIdx.x == 0) c.sum.put(row, all);
}

__device__ inline void run(const RowDots& c) {
  const std::size_t row = blockIdx.x;
  double own = 0;
  for (std::size_t j = threadIdx.x; j < c.cols; j += blockDim.x)
    own += static_cast<double>(c.a[row * c.cols + j]) * static_cast<double>(c.b[row * c.cols + j]);
  const double all = blockSum(own);
  if (threadIdx.x == 0) c.sum.put(row, all);
}

__device__ inline void run(const Shift& c) {
  for (const std::size_t i : pieces(c.n)) {
    const std::size_t row = i / c.cols, col = i % c.cols;
    c.out[i] =
        static_cast<float>(static_cast<double>(c.fields[i]) + c.amount[row] * static_cast<double>(c.weights[c.unit[row] * c.cols + col]));
  }
}

}  // namespace boltzkit::cuda
