// Kernels of unit types: draws, means, statistics and reductions over units, from the functions on
// rows that all backends share (units/rows.hpp).
#pragma once
#include "cuda/kernels/elementwise.cuh"
#include "cuda/kernels/products.cuh"
#include "cuda/launch.hpp"
#include "units/rows.hpp"

namespace boltzkit::cuda {

// What an update of units has beside its tensors.
struct UpdateView {
  Stream stream;
  std::uint32_t firstChain;
  float beta;
  const float* betas;  // one per row, or null
  Draw draw;
  __device__ float betaOf(std::size_t row) const { return betas ? betas[row] : beta; }
};

// A thread to four neighbouring units of a row, which often share one block of random words.
template <class Unit>
__global__ void updateUnitsKernel(std::size_t rows, RowUnits<float> units, UpdateView update, const float* fields, const float* before,
                                  float* mean, float* sample) {
  const std::size_t places = units.places, count = places / unitSize<Unit>(units), groups = groupsOf(count);
  for (const std::size_t i : pieces(rows * groups)) {
    const std::size_t row = i / groups, first = i % groups * wordsPerBlock, at = row * places;
    RowWords words(update.stream, static_cast<std::uint32_t>(update.firstChain + row));
    for (std::size_t k = 0; k < wordsPerBlock; ++k)
      if (first + k < count)
        updateUnit<Unit>(units, first + k, fields + at, update.betaOf(row), update.draw, before ? before + at : nullptr, words,
                         mean ? mean + at : nullptr, sample ? sample + at : nullptr);
  }
}

// What a sweep of a layer with couplings inside it has: see LateralSweep.
struct SweepView {
  const float* weights;
  bool hasGraph;
  GraphView graph;
  const float* fields;
  const float* keep;
  bool oneKeep;
  std::uint64_t sweeps;
};

// A block to a row: its threads add up the field of a unit, and the first one draws it. `scratch`
// has room for the places of one unit, for each row.
template <class Unit>
__global__ void sweepLateralKernel(RowUnits<float> units, UpdateView update, SweepView sweep, float* scratch, float* states) {
  const std::size_t row = blockIdx.x, places = units.places, size = unitSize<Unit>(units), count = places / size;
  float *own = states + row * places, *field = scratch + row * size;
  const float* outer = sweep.fields ? sweep.fields + row * places : nullptr;
  const float* keep = sweep.keep ? sweep.keep + (sweep.oneKeep ? 0 : row * places) : nullptr;
  for (std::uint64_t n = 0; n < sweep.sweeps; ++n) {
    Stream stream = update.stream;
    stream.step += n;
    RowWords words(stream, static_cast<std::uint32_t>(update.firstChain + row));
    for (std::size_t p = 0; p < count; ++p) {
      const std::size_t j = (sweep.hasGraph ? sweep.graph.order[p] : p) * size;
      if (keep && keep[j] != 0) continue;
      for (std::size_t k = 0; k < size; ++k) {
        double part = 0;
        if (sweep.hasGraph)
          part = graphField(sweep.graph, sweep.weights, own, j + k, threadIdx.x, blockDim.x);
        else
          for (std::size_t i = threadIdx.x; i < places; i += blockDim.x)
            part += static_cast<double>(sweep.weights[(j + k) * places + i]) * static_cast<double>(own[i]);
        const double sum = blockSum(part);
        if (threadIdx.x == 0) field[k] = static_cast<float>((outer ? static_cast<double>(outer[j + k]) : 0.0) + sum);
      }
      if (threadIdx.x == 0)
        redraw<Unit>(units.at(j), field, update.betaOf(row), update.draw, words, p * Unit::words(units.size), own + j, own + j);
      __syncthreads();
    }
  }
}

// A thread to a place.
template <class Unit>
__global__ void unitStatisticsKernel(RowUnits<float> units, std::size_t rows, const float* states, const float* fields,
                                     const float* rowWeights, double alpha, double beta, float* out) {
  const std::size_t places = units.places;
  for (const std::size_t j : pieces(places)) {
    double sums[Unit::parameters] = {};
    for (std::size_t r = 0; r < rows; ++r) {
      float statistic[Unit::parameters];
      statisticsOf<Unit>(units, j, states + r * places, fields ? fields + r * places : nullptr, statistic);
      const double weight = rowWeights ? static_cast<double>(rowWeights[r]) : 1.0;
      for (std::size_t k = 0; k < Unit::parameters; ++k) sums[k] += weight * static_cast<double>(statistic[k]);
    }
    for (std::size_t k = 0; k < Unit::parameters; ++k) {
      float& place = out[k * places + j];
      place = static_cast<float>((beta == 0 ? 0 : beta * static_cast<double>(place)) + alpha * sums[k]);
    }
  }
}

// A thread to a place.
template <class Unit>
__global__ void momentsKernel(RowUnits<float> units, std::size_t rows, const float* values, const float* centre, bool means,
                              const float* fields, const float* rowWeights, double alpha, bool accumulate, double* out) {
  const std::size_t places = units.places;
  for (const std::size_t j : pieces(places)) {
    if (!accumulate) out[j] = out[places + j] = 0;
    for (std::size_t r = 0; r < rows; ++r)
      addMoments<Unit>(units, values + r * places, centre, means, fields ? fields + r * places : nullptr,
                       alpha * (rowWeights ? static_cast<double>(rowWeights[r]) : 1.0), j, j + 1, out, out + places);
  }
}

template <class Unit>
__global__ void throughMeansKernel(std::size_t n, RowUnits<float> units, const float* fields, const float* mean, float* gradient) {
  const std::size_t places = units.places, count = places / unitSize<Unit>(units);
  for (const std::size_t i : pieces(n)) {
    const std::size_t at = i / count * places;
    throughMeansUnit<Unit>(units, i % count, fields + at, mean + at, gradient + at);
  }
}

// --- reductions over the places of each row, a block to a row ----------------------------------------

// Where the number of a row goes: see RowSum.
struct SumView {
  double* out;
  double factor;
  bool accumulate;
  __device__ void put(std::size_t row, double value) const { out[row] = (accumulate ? out[row] : 0.0) + factor * value; }
};

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
__global__ void energiesKernel(RowUnits<float> units, const float* states, SumView sum) {
  const std::size_t row = blockIdx.x, count = units.places / unitSize<Unit>(units);
  double own = 0;
  for (std::size_t unit = threadIdx.x; unit < count; unit += blockDim.x) own += exactEnergy<Unit>(units, unit, states + row * units.places);
  const double all = blockSum(own);
  if (threadIdx.x == 0) sum.put(row, all);
}

template <class Unit>
__global__ void cumulantsKernel(RowUnits<float> units, const float* fields, float beta, SumView sum) {
  const std::size_t row = blockIdx.x, count = units.places / unitSize<Unit>(units);
  double own = 0;
  for (std::size_t unit = threadIdx.x; unit < count; unit += blockDim.x)
    own += cumulantOf<Unit>(units, unit, fields + row * units.places, beta, static_cast<const float*>(nullptr));
  const double all = blockSum(own);
  if (threadIdx.x == 0) sum.put(row, all);
}

__global__ void rowDotsKernel(std::size_t cols, const float* a, const float* b, SumView sum) {
  const std::size_t row = blockIdx.x;
  double own = 0;
  for (std::size_t j = threadIdx.x; j < cols; j += blockDim.x)
    own += static_cast<double>(a[row * cols + j]) * static_cast<double>(b[row * cols + j]);
  const double all = blockSum(own);
  if (threadIdx.x == 0) sum.put(row, all);
}

// out[r, j] = fields[r, j] + amount[r] * weights[unit[r], j]
__global__ void shiftKernel(std::size_t n, std::size_t cols, const float* fields, const float* weights, const std::uint32_t* unit,
                            const double* amount, float* out) {
  for (const std::size_t i : pieces(n)) {
    const std::size_t row = i / cols, col = i % cols;
    out[i] = static_cast<float>(static_cast<double>(fields[i]) + amount[row] * static_cast<double>(weights[unit[row] * cols + col]));
  }
}

}  // namespace boltzkit::cuda
