// Steps of parameters, all or none, without a word to the host: proposals say which slot would be
// out of bounds, one thread decides, and the decision is carried out.
#pragma once
#include "cuda/calls.hpp"
#include "cuda/plugin/threads.cuh"

namespace boltzkit::cuda {

// Moments that fade become zero before they are denormal.
__device__ inline float faded(double moment) { return moment < 1e-30 && moment > -1e-30 ? 0.0f : static_cast<float>(moment); }

__device__ inline void run(const Propose& c) {
  const SlotView& slot = c.slot;
  const StepView& step = c.step;
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
    if (!(next <= c.largest && next >= -c.largest)) atomicMin(&c.outcome->bad, c.index);
  }
}

__device__ inline void run(const Decide& c) {
  OutcomeState& outcome = *c.outcome;
  outcome.stepped = 0;
  if (outcome.refused < 0) {
    if (outcome.bad != noSlot) {
      outcome.refused = outcome.bad;
    } else {
      ++outcome.accepted;
      outcome.stepped = 1;
    }
  }
  outcome.bad = noSlot;
}

__device__ inline void run(const Take& c) {
  for (const std::size_t i : pieces(c.n)) {
    if (c.outcome->stepped)
      c.parameter[i] += c.step[i];
    else
      c.step[i] = 0;
  }
}

__device__ inline void run(const Bound& c) {
  for (const std::size_t i : pieces(c.n)) {
    const double value = static_cast<double>(c.parameter[i]), limit = c.limits[i / c.cols];
    if (!(value <= limit && value >= -limit)) atomicMin(&c.outcome->bad, 0);
  }
}

__device__ inline void run(const Refuse& c) {
  OutcomeState& outcome = *c.outcome;
  if (outcome.bad != noSlot && outcome.refused < 0) {
    outcome.refused = c.index;
    --outcome.accepted;
  }
  outcome.bad = noSlot;
}

__device__ inline void run(const Reset& c) { *c.outcome = {-1, 0, noSlot, 0}; }

}  // namespace boltzkit::cuda
