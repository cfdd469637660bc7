// Fields and statistics: products of states and weights, and of states and states.
#include "cpu/cpu_backend.hpp"
#include "cpu/product.hpp"
#include "cpu/rounded_weights.hpp"

namespace boltzkit::cpu {

void CpuBackend::fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) {
  addFields(terms, accumulate, fieldTolerance, out);
}

void CpuBackend::addFields(std::span<const FieldTerm> terms, bool accumulate, double tolerance, Tensor& out) {
  if (terms.empty() && !accumulate) fill(0, out);
  for (const FieldTerm& term : terms) {
    if (term.graph)
      addGraphField(term, accumulate, cpuTensor(out));
    else
      addField(term, accumulate, tolerance, cpuTensor(out));
    accumulate = true;
  }
}

void CpuBackend::addField(const FieldTerm& term, bool accumulate, double tolerance, CpuTensor& out) {
  out.touch();
  multiply(engine_, fieldProduct(term, accumulate, tolerance, out));
}

bool CpuBackend::sameRounding(const Tensor& weights, Accuracy accuracy) {
  if (accuracy != Accuracy::draws) return false;
  const auto largest = [&](Orientation orientation) { return largestForBits(engine_, cpuTensor(weights), orientation, fieldTolerance); };
  const float upright = largest(Orientation::upright);
  return upright > 0 && upright == largest(Orientation::transposed);
}

Product fieldProduct(const FieldTerm& term, bool accumulate, double tolerance, CpuTensor& out) {
  const CpuTensor &states = cpuTensor(*term.states), &weights = cpuTensor(*term.weights);
  return {.a = states.row(0),
          .aStride = states.stride(),
          .rows = out.rows(),
          .depth = states.cols(),
          .columns = out.cols(),
          .b = weights.row(0),
          .bStride = weights.stride(),
          .bTransposed = term.transposed,
          .matrix = &weights,
          .left = &states,
          .tolerance = term.accuracy == Accuracy::draws && term.reuse >= leastReuse ? tolerance : 0,
          .c = out.touchedRow(0),
          .cStride = out.stride(),
          .alpha = static_cast<float>(term.scale),
          .beta = accumulate ? 1.0f : 0.0f};
}

Product statisticsProduct(const StatisticsTerm& term, double beta, CpuTensor& out) {
  const CpuTensor &left = cpuTensor(*term.a), &right = cpuTensor(*term.b);
  return {.a = left.row(0),
          .aStride = left.stride(),
          .aTransposed = true,
          .weights = term.rowWeights ? cpuTensor(*term.rowWeights).row(0) : nullptr,
          .rows = left.cols(),
          .depth = left.rows(),
          .columns = right.cols(),
          .b = right.row(0),
          .bStride = right.stride(),
          .matrix = &right,
          .left = &left,
          .tolerance = term.accuracy == Accuracy::statistics && !term.rowWeights ? fieldTolerance : 0,
          .c = out.writeRow(0),
          .cStride = out.stride(),
          .alpha = static_cast<float>(term.alpha),
          .beta = static_cast<float>(beta)};
}

void CpuBackend::statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) {
  if (a.rows() == 0) return axpby(0, out, beta, out);
  multiply(engine_, statisticsProduct({&a, &b, rowWeights, alpha}, beta, cpuTensor(out)));
}

}  // namespace boltzkit::cpu
