// Fields and statistics: products of states and weights, and of states and states.
#include "cpu/cpu_backend.hpp"
#include "cpu/product.hpp"
#include "cpu/rounded_weights.hpp"

namespace boltzkit::cpu {
namespace {

// With more rows than this a transposed copy pays at its first use already.
constexpr std::size_t rowsWithoutCopy = 128;

// The transposed copy of the weights when it is worth having, else null: the product then transposes block by block. Sums come out
// the same, so the choice may follow the history of calls.
const CpuTensor::TransposedCopy* copyFor(Engine& engine, const CpuTensor& weights, std::size_t rows) {
  CpuTensor::TransposedCopy& copy = weights.transposedCopy();
  if (copy.version != weights.version()) {
    copy.version = weights.version();
    copy.reads = 0;
    copy.filled = false;
  }
  if (copy.filled) return &copy;
  if (copy.reads++ == 0 && rows <= rowsWithoutCopy) return nullptr;
  const std::size_t stride = rowStride(weights.rows()), floats = (weights.cols() + lineFloats - 1) / lineFloats * lineFloats * stride;
  if (copy.buffer.size() < floats) copy.buffer = LineBuffer(floats);
  copy.stride = stride;
  const std::size_t tiles = (weights.cols() + lineFloats - 1) / lineFloats;
  engine.parallelFor(tiles, static_cast<double>(weights.rows() * weights.cols()) / 4, [&](std::size_t tile, unsigned) {
    const std::size_t first = tile * lineFloats;
    engine.kernels().transpose(weights.row(0) + first, weights.stride(), weights.rows(), std::min(lineFloats, weights.cols() - first),
                               nullptr, copy.buffer.data() + first * stride, stride);
  });
  copy.filled = true;
  return &copy;
}

}  // namespace

void CpuBackend::fields(std::span<const FieldTerm> terms, bool accumulate, Tensor& out) {
  if (terms.empty() && !accumulate) fill(0, out);
  for (const FieldTerm& term : terms) {
    if (term.graph)
      addGraphField(term, accumulate, cpuTensor(out));
    else
      addField(term, accumulate, cpuTensor(out));
    accumulate = true;
  }
}

void CpuBackend::addField(const FieldTerm& term, bool accumulate, CpuTensor& out) {
  const CpuTensor &states = cpuTensor(*term.states), &weights = cpuTensor(*term.weights);
  Product product{.a = states.row(0),
                  .aStride = states.stride(),
                  .rows = out.rows(),
                  .depth = states.cols(),
                  .columns = out.cols(),
                  .b = weights.row(0),
                  .bStride = weights.stride(),
                  .bTransposed = term.transposed,
                  .rounded = term.roundable ? roundedCopy(engine_, weights, term.transposed) : nullptr,
                  .c = out.writeRow(0),
                  .cStride = out.stride(),
                  .alpha = static_cast<float>(term.scale),
                  .beta = accumulate ? 1.0f : 0.0f};
  if (term.transposed && !product.rounded) {
    if (const auto* copy = copyFor(engine_, weights, out.rows())) {
      product.b = copy->buffer.data();
      product.bStride = copy->stride;
      product.bTransposed = false;
    }
  }
  multiply(engine_, product);
}

Product statisticsProduct(Engine& engine, const StatisticsTerm& term, double beta, CpuTensor& out) {
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
          .rounded = term.roundable && !term.rowWeights ? roundedCopy(engine, right, false) : nullptr,
          .c = out.writeRow(0),
          .cStride = out.stride(),
          .alpha = static_cast<float>(term.alpha),
          .beta = static_cast<float>(beta)};
}

void CpuBackend::statistics(const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta, Tensor& out) {
  if (a.rows() == 0) return axpby(0, out, beta, out);
  multiply(engine_, statisticsProduct(engine_, {&a, &b, rowWeights, alpha}, beta, cpuTensor(out)));
}

}  // namespace boltzkit::cpu
