// Layers that are coupled to themselves: sequential sweeps, and fields and statistics along the edges of a graph.
#include <vector>

#include "cpu/cpu_backend.hpp"
#include "cpu/unit_rows.hpp"

namespace boltzkit::cpu {
namespace {

const float* keptRow(const Tensor* keep, std::size_t r) { return keep ? cpuTensor(*keep).row(keep->rows() == 1 ? 0 : r) : nullptr; }

float graphField(const Graph& graph, const float* weights, const float* states, std::size_t place) {
  const std::uint32_t size = graph.size(), k = static_cast<std::uint32_t>(place % size);
  const std::size_t unit = place / size;
  float sum = 0;
  for (const Graph::Neighbour* n = graph.begin(unit); n != graph.end(unit); ++n)
    for (std::uint32_t l = 0; l < size; ++l) sum += weights[graph.weight(*n, k, l)] * states[std::size_t{n->unit} * size + l];
  return sum;
}

double workPerPlace(const Graph& graph) {
  return 4 * (1 + 2.0 * static_cast<double>(graph.weights()) / (static_cast<double>(graph.units()) * graph.size()));
}

}  // namespace

// A chain is a row: threads share the chains.
void CpuBackend::sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) {
  visitUnit(update.units.type, [&](auto unit) {
    using Unit = decltype(unit);
    CpuTensor& to = cpuTensor(states);
    const CpuTensor& weights = cpuTensor(*sweep.weights);
    to.touch();
    const double perPlace = UnitRows<Unit>::steps + (sweep.graph ? workPerPlace(*sweep.graph) : static_cast<double>(states.cols()) / 8);
    const double work = static_cast<double>(states.rows() * states.cols()) * perPlace * static_cast<double>(sweep.sweeps);
    engine_.parallelRows(states.rows(), work, [&](std::size_t first, std::size_t last) {
      std::vector<float> scratch(update.units.size);
      for (std::size_t r = first; r < last; ++r)
        for (std::uint64_t n = 0; n < sweep.sweeps; ++n) {
          Stream stream = update.stream;
          stream.step += n;
          RowWords words(stream, update.firstChain + static_cast<std::uint32_t>(r));
          float* s = to.touchedRow(r);
          const auto lateral = [&](std::size_t j) {
            return sweep.graph ? graphField(*sweep.graph, weights.row(0), s, j)
                               : static_cast<float>(engine_.kernels().dot(weights.row(j), s, states.cols()));
          };
          sweepRow<Unit>(rowOf(update.units, states, r).definition(), sweep.graph ? sweep.graph->order().data() : nullptr,
                         sweep.fields ? cpuTensor(*sweep.fields).row(r) : nullptr, keptRow(sweep.keep, r),
                         static_cast<float>(update.betaOf(r)), update.draw, words, lateral, scratch.data(), s);
        }
    });
  });
}

void CpuBackend::addGraphField(const FieldTerm& term, bool accumulate, CpuTensor& out) {
  const CpuTensor &states = cpuTensor(*term.states), &weights = cpuTensor(*term.weights);
  const float scale = static_cast<float>(term.scale);
  out.touch();
  const double work = static_cast<double>(out.rows() * out.cols()) * workPerPlace(*term.graph);
  engine_.parallelRows(out.rows(), work, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      float* to = out.touchedRow(r);
      for (std::size_t j = 0; j < out.cols(); ++j)
        to[j] = (accumulate ? to[j] : 0) + scale * graphField(*term.graph, weights.row(0), states.row(r), j);
    }
  });
}

// Threads share the edges, so every sum runs over rising rows.
void CpuBackend::edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                                Tensor& out) {
  const CpuTensor &left = cpuTensor(a), &right = cpuTensor(b);
  const std::uint32_t size = graph.size();
  float* to = cpuTensor(out).writeRow(0);
  const std::size_t tiles = (graph.edges().size() + 63) / 64;
  engine_.parallelFor(tiles, static_cast<double>(graph.weights() * a.rows()), [&](std::size_t tile, unsigned) {
    const std::size_t firstEdge = tile * 64, lastEdge = std::min(firstEdge + 64, graph.edges().size()), each = std::size_t{size} * size;
    std::vector<double> sums((lastEdge - firstEdge) * each, 0.0);
    for (std::size_t r = 0; r < a.rows(); ++r) {
      const double weight = (rowWeights ? cpuTensor(*rowWeights).row(0)[r] : 1.0f) / 2.0;
      const float *s = left.row(r), *t = right.row(r);
      for (std::size_t e = firstEdge; e < lastEdge; ++e) {
        const std::size_t i = std::size_t{graph.edges()[e].first} * size, j = std::size_t{graph.edges()[e].second} * size;
        double* sum = sums.data() + (e - firstEdge) * each;
        for (std::uint32_t k = 0; k < size; ++k)
          for (std::uint32_t l = 0; l < size; ++l)
            sum[k * size + l] += weight * (static_cast<double>(s[i + k]) * t[j + l] + static_cast<double>(t[i + k]) * s[j + l]);
      }
    }
    for (std::size_t w = 0; w < sums.size(); ++w) {
      float& place = to[firstEdge * each + w];
      place = static_cast<float>((beta == 0 ? 0 : beta * place) + alpha * sums[w]);
    }
  });
}

}  // namespace boltzkit::cpu
