// Sweeps of layers that are coupled to themselves. Reports spin updates per nanosecond, compared
// with a plain C++ loop. The case without couplings shows the minimum that any program with these
// random numbers needs: one call of the generator per four updates, a logistic threshold, a store.
#include <cstdio>
#include <string>

#include "bench.hpp"

namespace boltzkit::bench {
namespace {

// Lets the compiler build the plain loops for the same instruction sets as the kernels.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BOLTZKIT_CLONES __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define BOLTZKIT_CLONES
#endif

// xoshiro128+ (Blackman & Vigna 2018).
struct Xoshiro {
  std::uint32_t s[4];
  explicit Xoshiro(std::uint32_t seed) : s{seed * 2654435761u + 1, seed ^ 0x9e3779b9u, seed + 77, 0x85ebca6bu} {
    for (int i = 0; i < 20; ++i) next();
  }
  std::uint32_t next() {
    const std::uint32_t result = s[0] + s[3], t = s[1] << 9;
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3], s[2] ^= t;
    s[3] = s[3] << 11 | s[3] >> 21;
    return result;
  }
  float uniform() { return static_cast<float>(next() >> 8) * 0x1p-24f; }
};

struct PlainGraph {
  std::vector<std::uint32_t> order;
  std::vector<std::size_t> starts;
  std::vector<std::uint32_t> place;
  std::vector<float> weight;
};

PlainGraph plainGraph(const Graph& graph, const std::vector<float>& weights) {
  PlainGraph plain{graph.order(), {0}, {}, {}};
  for (const std::uint32_t unit : graph.order()) {
    for (const auto* n = graph.begin(unit); n != graph.end(unit); ++n) {
      plain.place.push_back(n->unit);
      plain.weight.push_back(weights[n->edge]);
    }
    plain.starts.push_back(plain.place.size());
  }
  return plain;
}

// Visits spins colour by colour, so that the processor can work on several at a time; one chain
// after the other. A comparison instead of copysign would become an unpredictable branch: 10 ns
// more.
BOLTZKIT_CLONES void plainSweep(const PlainGraph& g, const float* bias, float* s, Xoshiro& random) {
  for (std::size_t p = 0; p < g.order.size(); ++p) {
    const std::uint32_t i = g.order[p];
    float field = bias[i];
    for (std::size_t n = g.starts[p]; n < g.starts[p + 1]; ++n) field += g.weight[n] * s[g.place[n]];
    s[i] = std::copysign(1.0f, 1 - random.uniform() * (1 + std::exp(-2 * field)));
  }
}

// Dense: fields are kept up to date, so only units that flip cost a pass over their weights.
BOLTZKIT_CLONES void addRow(const float* w, float amount, std::size_t n, float* fields) {
  for (std::size_t j = 0; j < n; ++j) fields[j] += amount * w[j];
}

BOLTZKIT_CLONES float plainDot(const float* a, const float* b, std::size_t n) {
  float sum[64]{};
  std::size_t j = 0;
  for (; j + 64 <= n; j += 64)
    for (std::size_t k = 0; k < 64; ++k) sum[k] += a[j + k] * b[j + k];
  for (; j < n; ++j) sum[0] += a[j] * b[j];
  float all = 0;
  for (const float x : sum) all += x;
  return all;
}

void plainDenseSweep(const float* weights, const float* bias, std::size_t n, float* s, float* fields, Xoshiro& random) {
  for (std::size_t i = 0; i < n; ++i) {
    const float next = random.uniform() * (1 + std::exp(-2 * (fields[i] + bias[i]))) < 1 ? 1.0f : -1.0f;
    if (next != s[i]) addRow(weights + i * n, next - s[i], n, fields);
    s[i] = next;
  }
}

std::vector<float> normals(std::size_t n, std::uint64_t seed, double scale) {
  Dice dice(seed);
  std::vector<float> values(n);
  for (float& v : values) v = static_cast<float>(scale * dice.normal());
  return values;
}

Graph grid(std::uint32_t width, std::uint32_t height) {
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = 0; i < width * height; ++i) {
    if ((i + 1) % width != 0) edges.emplace_back(i, i + 1);
    if (i + width < width * height) edges.emplace_back(i, i + width);
  }
  return Graph(std::size_t{width} * height, 1, edges);
}

// The Pegasus graph P(m). Unit (u, w, k, z) is a segment of 12 lattice steps. With u = 0 it is
// vertical, in column 12 w + k from row 12 z + shift on; with u = 1 horizontal likewise. Units are
// coupled where they cross, end to end, and in pairs of neighbours (Boothby, Bunyk, Raymond & Roy,
// arXiv:2003.00133).
Graph pegasus(std::uint32_t m) {
  const std::uint32_t shift[2][3] = {{2, 10, 6}, {6, 2, 10}};
  auto unit = [m](std::uint32_t u, std::uint32_t w, std::uint32_t k, std::uint32_t z) { return ((u * m + w) * 12 + k) * (m - 1) + z; };
  std::vector<Graph::Edge> edges;
  for (std::uint32_t w = 0; w < m; ++w)
    for (std::uint32_t k = 0; k < 12; ++k)
      for (std::uint32_t z = 0; z + 1 < m; ++z) {
        for (std::uint32_t u = 0; u < 2; ++u) {
          if (z + 2 < m) edges.emplace_back(unit(u, w, k, z), unit(u, w, k, z + 1));
          if (k % 2 == 0) edges.emplace_back(unit(u, w, k, z), unit(u, w, k + 1, z));
        }
        const std::uint32_t column = 12 * w + k, row = 12 * z + shift[0][k / 4];
        for (std::uint32_t y = row; y < row + 12; ++y) {
          const std::uint32_t from = shift[1][y % 12 / 4];
          if (column >= from && (column - from) / 12 + 1 < m)
            edges.emplace_back(unit(0, w, k, z), unit(1, y / 12, y % 12, (column - from) / 12));
        }
      }
  return Graph(std::size_t{24} * m * (m - 1), 1, edges);
}

struct Bench {
  const char* name;
  const Graph* graph;  // null: dense
  std::size_t units, rows;
  std::uint64_t sweeps;
};

// Spin glasses near their hardest temperature: normal weights of variance 1 / degree.
std::vector<float> weightsOf(const Bench& b) {
  if (b.graph) {
    const double degree = std::max(1.0, 2.0 * static_cast<double>(b.graph->weights()) / static_cast<double>(b.units));
    return normals(b.graph->weights(), 1, 1 / std::sqrt(degree));
  }
  std::vector<float> w = normals(b.units * b.units, 1, 1 / std::sqrt(static_cast<double>(b.units)));
  for (std::size_t i = 0; i < b.units; ++i)
    for (std::size_t j = 0; j <= i; ++j) w[i * b.units + j] = w[j * b.units + i] = i == j ? 0 : w[j * b.units + i];
  return w;
}

std::vector<float> startStates(std::size_t n) {
  std::vector<float> s = normals(n, 3, 1);
  for (float& v : s) v = v < 0 ? -1.0f : 1.0f;
  return s;
}

struct Problem {
  Problem(Backend& backend, const Bench& b, std::size_t rows) : bench(b), device(backend) {
    const std::vector<float> w = weightsOf(b), h = normals(b.units, 2, 0.1);
    weights = b.graph ? device.tensor(1, w.size()) : device.tensor(b.units, b.units);
    bias = device.tensor(1, b.units);
    states = device.tensor(rows, b.units);
    device.upload(std::span<const float>(w), *weights);
    device.upload(std::span<const float>(h), *bias);
    device.upload(std::span<const float>(startStates(rows * b.units)), *states);
  }
  void sweep(std::uint64_t sweeps) {
    device.sweepLateral({.units = {UnitType::spin, bias.get()}, .stream = {.seed = 5, .step = step}},
                        {.weights = weights.get(), .graph = bench.graph, .sweeps = sweeps}, *states);
    step += sweeps;
  }
  std::vector<float> values() {
    std::vector<float> v(states->rows() * bench.units);
    device.download(*states, std::span<float>(v));
    return v;
  }
  const Bench& bench;
  Backend& device;
  TensorPtr weights, bias, states;
  std::uint64_t step = 0;
};

// The best time of several calls. Measures CPU time of the calling thread, since the machine may be
// shared; use the clock if other threads work too.
template <class F>
double bestTime(F&& f, double (*clock)() = cpuTime) {
  f();
  double best = INFINITY, start = clock();
  for (int i = 0; i < 40 && (i < 3 || clock() - start < 0.2); ++i) {
    const double begin = clock();
    f();
    best = std::min(best, clock() - begin);
  }
  return best;
}

double plainRate(const Bench& b) {
  const std::size_t rows = std::min<std::size_t>(b.rows, 16);
  const std::vector<float> w = weightsOf(b), h = normals(b.units, 2, 0.1);
  std::vector<float> s = startStates(rows * b.units), fields(rows * b.units);
  Xoshiro random(9);
  const PlainGraph plain = b.graph ? plainGraph(*b.graph, w) : PlainGraph{};
  double seconds;
  if (b.graph) {
    seconds = bestTime([&] {
      for (std::size_t r = 0; r < rows; ++r)
        for (std::uint64_t n = 0; n < b.sweeps; ++n) plainSweep(plain, h.data(), s.data() + r * b.units, random);
    });
  } else {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < b.units; ++i) fields[r * b.units + i] = plainDot(w.data() + i * b.units, s.data() + r * b.units, b.units);
    seconds = bestTime([&] {
      for (std::size_t r = 0; r < rows; ++r)
        for (std::uint64_t n = 0; n < b.sweeps; ++n)
          plainDenseSweep(w.data(), h.data(), b.units, s.data() + r * b.units, fields.data() + r * b.units, random);
    });
  }
  return static_cast<double>(rows * b.units) * static_cast<double>(b.sweeps) / seconds * 1e-9;
}

// True if at most 10 in 100,000 spins of two chains differ from the reference after one sweep.
// Rounding may flip a spin, which may flip others.
bool agrees(const cpu::Kernels& kernels, const Bench& b) {
  cpu::CpuBackend fast(kernels, 1);
  const auto exact = makeReferenceBackend();
  const std::size_t rows = std::min<std::size_t>(b.rows, 2);
  Problem got(fast, b, rows), want(*exact, b, rows);
  got.sweep(1);
  want.sweep(1);
  const auto a = got.values(), e = want.values();
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different += a[i] != e[i];
  return different * 100000 <= 10 * a.size();
}

double ourRate(const cpu::Kernels& kernels, unsigned threads, const Bench& b) {
  cpu::CpuBackend backend(kernels, threads);
  Problem problem(backend, b, b.rows);
  double seconds = 0;
  backend.run([&] { seconds = bestTime([&] { problem.sweep(b.sweeps); }, threads == 1 ? cpuTime : now); });
  return static_cast<double>(b.rows * b.units) * static_cast<double>(b.sweeps) / seconds * 1e-9;
}

// Fields and statistics along the edges, as training needs them: nanoseconds per edge and row.
void benchEdges(const cpu::Kernels& kernels, const char* name, const Graph& graph, std::size_t rows) {
  cpu::CpuBackend backend(kernels, 1);
  const Bench b{name, &graph, graph.units(), rows, 1};
  Problem p(backend, b, rows);
  const TensorPtr out = backend.tensor(rows, graph.units()), sums = backend.tensor(1, graph.weights());
  const FieldTerm terms[] = {{p.states.get(), p.weights.get(), false, 1, &graph}};
  const double each = 1e9 / static_cast<double>(rows * graph.weights());
  const double fields = bestTime([&] { backend.fields(terms, false, *out); }) * each;
  const double statistics = bestTime([&] { backend.edgeStatistics(graph, *p.states, *p.states, nullptr, 1, 0, *sums); }) * each;
  std::printf("  %-44s %27.3f ns %8.3f ns per edge and row\n", name, fields, statistics);
}

}  // namespace

bool benchLateral(const cpu::Kernels& kernels, unsigned mostThreads, double peak) {
  const Graph small = grid(64, 64), large = grid(1024, 1024), p16 = pegasus(16), none(4096, 1, {});
  const Bench all[] = {
      {"no couplings, 4096 x 1024 chains", &none, 4096, 1024, 4},       {"grid 64 x 64, 1024 chains", &small, 4096, 1024, 4},
      {"the same, calls of one sweep", &small, 4096, 1024, 1},          {"grid 64 x 64, 1 chain, 100 sweeps", &small, 4096, 1, 100},
      {"grid 1024 x 1024, 1 chain, 10 sweeps", &large, 1048576, 1, 10}, {"the same, calls of one sweep", &large, 1048576, 1, 1},
      {"Pegasus P16, 1024 chains", &p16, p16.units(), 1024, 2},         {"Pegasus P16, 1 chain, 100 sweeps", &p16, p16.units(), 1, 100},
      {"dense 16, 10 chains, calls of one sweep", nullptr, 16, 10, 1},  {"dense 100, 100 chains, 16 sweeps", nullptr, 100, 100, 16},
      {"dense 1000, 1 chain, 16 sweeps", nullptr, 1000, 1, 16},         {"dense 1000, 1000 chains, 16 sweeps", nullptr, 1000, 1000, 16},
      {"the same, calls of one sweep", nullptr, 1000, 1000, 1}};
  bool good = true;
  std::printf("  Pegasus P16: %zu units, %.2f neighbours on average, %zu colours\n", p16.units(),
              2.0 * static_cast<double>(p16.weights()) / static_cast<double>(p16.units()), p16.colours().size() - 1);
  std::printf("  %-44s %12s %12s   updates/ns", "spins", "plain C++", "1 thread");
  for (unsigned t = 2; t <= mostThreads; ++t) std::printf(" %9u threads", t);
  std::printf("\n");
  for (const Bench& b : all) {
    const bool right = agrees(kernels, b);
    good = good && right;
    const double plain = plainRate(b), one = ourRate(kernels, 1, b);
    std::printf("  %-44s %12.4f %12.4f   %5.1f x", b.name, plain, one, one / plain);
    for (unsigned t = 2; t <= mostThreads; ++t) std::printf(" %16.4f", ourRate(kernels, t, b));
    if (!b.graph) std::printf("   %3.0f %% of dense FMA peak", 100 * one * 2 * static_cast<double>(b.units) / peak);
    std::printf("%s\n", right ? "" : "  WRONG");
  }
  std::printf("  %-44s %30s %11s\n", "along edges, 1 thread", "fields", "statistics");
  benchEdges(kernels, "grid 64 x 64, 1024 rows", small, 1024);
  benchEdges(kernels, "Pegasus P16, 100 rows", p16, 100);
  return good;
}

}  // namespace boltzkit::bench
