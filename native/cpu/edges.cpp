// Fields and statistics along the edges of a graph.
#include "cpu/chain_tile.hpp"
#include "cpu/cpu_backend.hpp"
#include "cpu/neighbour_lists.hpp"

namespace boltzkit::cpu {

// Takes tiles of rows, transposed: a weight then serves 16 rows, and a neighbour's states are one
// line.
void CpuBackend::addGraphField(const FieldTerm& term, bool accumulate, CpuTensor& out) {
  const CpuTensor& states = cpuTensor(*term.states);
  const std::size_t places = out.cols(), size = tileFloats(places), tiles = (out.rows() + chainTile - 1) / chainTile;
  const NeighbourLists lists = listGraph(engine_, *term.graph, false, cpuTensor(*term.weights), static_cast<float>(term.scale));
  float* memory = engine_.workspace().tiles.atLeast(engine_.threads() * 2 * size);
  out.touch();
  const double work = static_cast<double>(out.rows()) * static_cast<double>(places + term.graph->weights());
  engine_.parallelFor(tiles, work, [&](std::size_t tile, unsigned thread) {
    const std::size_t first = tile * chainTile, rows = std::min(chainTile, out.rows() - first);
    float *from = memory + thread * 2 * size, *to = from + size;
    loadTile(engine_.kernels(), states.row(first), states.stride(), rows, places, from);
    if (accumulate) loadTile(engine_.kernels(), out.row(first), out.stride(), rows, places, to);
    engine_.kernels().tileSums(lists.starts, lists.neighbours, from, places, accumulate, to);
    storeTile(engine_.kernels(), to, rows, places, out.touchedRow(first), out.stride());
  });
}

namespace {

// Rows of a tensor, transposed to [places, stride] and multiplied by weights[row] unless null.
void transposeRows(Engine& engine, const CpuTensor& from, std::size_t first, std::size_t rows, const float* weights, std::size_t stride,
                   float* to) {
  const std::size_t strips = (from.cols() + lineFloats - 1) / lineFloats;
  engine.parallelFor(strips, static_cast<double>(rows * from.cols()) / 4, [&](std::size_t strip, unsigned) {
    const std::size_t place = strip * lineFloats;
    engine.kernels().transpose(from.row(first) + place, from.stride(), rows, std::min(lineFloats, from.cols() - place),
                               weights ? weights + first : nullptr, to + place * stride, stride);
  });
}

// Two factors of a sum over rows, [places, stride]: states, and states times the rows' weights. b
// and weightedA are null where both factors are of the same tensor.
struct Factors {
  const float *a, *weightedB, *b, *weightedA;
  std::size_t stride, rows;
};

double pairSum(const Kernels& kernels, const Factors& f, std::size_t i, std::size_t j) {
  const double sum = kernels.dot(f.a + i * f.stride, f.weightedB + j * f.stride, f.rows);
  return f.b ? (sum + kernels.dot(f.b + i * f.stride, f.weightedA + j * f.stride, f.rows)) / 2 : sum;
}

void addEdges(Engine& engine, const Graph& graph, const Factors& factors, double alpha, double beta, float* out) {
  constexpr std::size_t tileEdges = 64;
  const std::size_t size = graph.size(), edges = graph.edges().size();
  const double work = static_cast<double>(graph.weights() * (factors.rows + lineFloats)) / (factors.b ? 1 : 2);
  engine.parallelFor((edges + tileEdges - 1) / tileEdges, work, [&](std::size_t tile, unsigned) {
    for (std::size_t e = tile * tileEdges; e < std::min((tile + 1) * tileEdges, edges); ++e)
      for (std::size_t k = 0; k < size; ++k)
        for (std::size_t l = 0; l < size; ++l) {
          float& place = out[(e * size + k) * size + l];
          const double sum = pairSum(engine.kernels(), factors, graph.edges()[e].first * size + k, graph.edges()[e].second * size + l);
          place = static_cast<float>((beta == 0 ? 0 : beta * place) + alpha * sum);
        }
  });
}

}  // namespace

// Every sum runs over the rows in one order, one group of rows after the other.
void CpuBackend::edgeStatistics(const Graph& graph, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta,
                                Tensor& out) {
  constexpr std::size_t placesAtATime = std::size_t{1} << 20;
  float* to = cpuTensor(out).writeRow(0);
  const float* weights = rowWeights ? cpuTensor(*rowWeights).row(0) : nullptr;
  const std::size_t places = roundUp(a.cols(), lineFloats);
  const std::size_t group =
      std::max(lineFloats, std::min(roundUp(a.rows(), lineFloats), placesAtATime / (places + 1) / lineFloats * lineFloats));
  const std::size_t stride = rowStride(group), each = places * stride, copies = &a == &b ? (weights ? 2 : 1) : weights ? 4 : 2;
  float* memory = engine_.workspace().tiles.atLeast(copies * each);
  for (std::size_t first = 0; first < std::max<std::size_t>(1, a.rows()); first += group, beta = 1) {
    const std::size_t rows = std::min(group, a.rows() - first);
    Factors f{memory, memory, nullptr, nullptr, stride, rows};
    std::size_t used = 0;
    auto factor = [&](const Tensor& from, const float* w) {
      float* place = memory + used++ * each;
      transposeRows(engine_, cpuTensor(from), first, rows, w, stride, place);
      return place;
    };
    f.a = f.weightedB = factor(a, nullptr);
    if (weights && &a == &b) f.weightedB = factor(b, weights);
    if (&a != &b) {
      f.b = f.weightedB = factor(b, nullptr);
      f.weightedA = f.a;
      if (weights) {
        f.weightedB = factor(b, weights);
        f.weightedA = factor(a, weights);
      }
    }
    addEdges(engine_, graph, f, alpha, beta, to);
  }
}

}  // namespace boltzkit::cpu
