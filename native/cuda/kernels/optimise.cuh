// Steps of parameters, all or none, without a word to the host: proposals say which slot would be
// out of bounds, one thread decides, and the decision is carried out.
#pragma once
#include "backend.hpp"
#include "cuda/kernels/elementwise.cuh"
#include "cuda/launch.hpp"

namespace boltzkit::cuda {

inline constexpr int noSlot = 0x7fffffff;

// One slot in the memory of the device; see ParameterSlot.
struct SlotView {
  std::size_t n, cols;
  const float* parameter;
  float *gradient, *velocity, *second;
  const float *rowScale, *colScale;
  double l1, l2, rate;
};

// A step as a kernel takes it: `correct1` and `correct2` are what Adam's moments are divided by.
struct StepView {
  bool adam;
  double momentum, beta1, beta2, epsilon, correct1, correct2;
};

// Moments that fade become zero before they are denormal.
__device__ inline float faded(double moment) { return moment < 1e-30 && moment > -1e-30 ? 0.0f : static_cast<float>(moment); }

// Turns the gradient into the step, and notes the slot if a new parameter would be out of bounds.
__global__ void proposeKernel(SlotView slot, StepView step, int index, OutcomeState* outcome) {
  for (const std::size_t i : pieces(slot.n)) {
    const double scale = (slot.rowScale ? static_cast<double>(slot.rowScale[i / slot.cols]) : 1.0) *
                         (slot.colScale ? static_cast<double>(slot.colScale[i % slot.cols]) : 1.0);
    const double p = static_cast<double>(slot.parameter[i]);
    const double sign = p > 0 ? 1 : p < 0 ? -1 : 0;
    const double g = (static_cast<double>(slot.gradient[i]) - slot.l1 * sign - slot.l2 * p) * scale;
    double m = static_cast<double>(slot.velocity[i]), taken;
    if (step.adam) {
      double v = static_cast<double>(slot.second[i]);
      m = step.beta1 * m + (1 - step.beta1) * g;
      v = step.beta2 * v + (1 - step.beta2) * g * g;
      slot.second[i] = faded(v);
      taken = slot.rate * (m / step.correct1) / (sqrt(v / step.correct2) + step.epsilon);
    } else {
      m = step.momentum * m + slot.rate * g;
      taken = m;
    }
    slot.velocity[i] = faded(m);
    taken *= scale;
    slot.gradient[i] = static_cast<float>(taken);
    // False for NaN, too.
    const float next = slot.parameter[i] + static_cast<float>(taken);
    const bool within = next <= static_cast<float>(largestParameter) && next >= -static_cast<float>(largestParameter);
    if (!within) atomicMin(&outcome->bad, index);
  }
}

// One thread.
__global__ void decideKernel(OutcomeState* outcome) {
  outcome->stepped = 0;
  if (outcome->refused < 0) {
    if (outcome->bad != noSlot) {
      outcome->refused = outcome->bad;
    } else {
      ++outcome->accepted;
      outcome->stepped = 1;
    }
  }
  outcome->bad = noSlot;
}

// Takes the step, or none: then what is kept of it is zero.
__global__ void takeKernel(std::size_t n, float* parameter, float* step, const OutcomeState* outcome) {
  for (const std::size_t i : pieces(n)) {
    if (outcome->stepped)
      parameter[i] += step[i];
    else
      step[i] = 0;
  }
}

// Notes if any value of a parameter is beyond the limit of its row.
__global__ void boundKernel(std::size_t n, std::size_t cols, const float* parameter, const double* limits, OutcomeState* outcome) {
  for (const std::size_t i : pieces(n)) {
    const double value = static_cast<double>(parameter[i]), limit = limits[i / cols];
    if (!(value <= limit && value >= -limit)) atomicMin(&outcome->bad, 0);
  }
}

// One thread: refuses the last step if something was noted.
__global__ void refuseKernel(long long index, OutcomeState* outcome) {
  if (outcome->bad != noSlot && outcome->refused < 0) {
    outcome->refused = index;
    --outcome->accepted;
  }
  outcome->bad = noSlot;
}

__global__ void resetKernel(OutcomeState* outcome) {
  outcome->refused = -1;
  outcome->accepted = 0;
  outcome->bad = noSlot;
  outcome->stepped = 0;
}

}  // namespace boltzkit::cuda
