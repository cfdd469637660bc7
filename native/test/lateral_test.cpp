// Layers that are coupled to themselves: sweeps, fields and statistics along graphs, for every
// backend against the reference.
#include <algorithm>
#include <map>
#include <set>

#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

// Around the vector lengths, the tiles of chains and the blocks of 64 places.
const std::vector<std::size_t> unitCounts = sanitized ? std::vector<std::size_t>{1, 17, 130}
                                                      : std::vector<std::size_t>{1, 3, 7, 16, 17, 63, 64, 65, 130},
                               rowCounts = sanitized ? std::vector<std::size_t>{1, 17} : std::vector<std::size_t>{1, 3, 16, 17, 40};

// A unit type and its size. Counts are missing: they are one group per layer and never coupled to
// themselves.
struct Type {
  UnitType type;
  std::uint32_t size = 1;
  std::uint32_t group() const {
    return visitUnit(type, [&](auto unit) { return decltype(unit)::grouped ? size : 1u; });
  }
  std::string name() const {
    return visitUnit(type, [](auto unit) { return std::string(decltype(unit)::name); }) + " " + std::to_string(size);
  }
};

std::vector<Type> lateralTypes() {
  std::vector<Type> types;
#define BOLTZKIT_TYPE(enumerator, type) types.push_back({UnitType::enumerator, std::is_same_v<type, Binomial> ? 5u : 1u});
  BOLTZKIT_UNITS(BOLTZKIT_TYPE)
#undef BOLTZKIT_TYPE
  std::erase_if(types, [](const Type& t) { return t.type == UnitType::counts || t.type == UnitType::softmax; });
  for (const std::uint32_t categories : {2, 3, 16, 70}) types.push_back({UnitType::softmax, categories});
  return types;
}

Values reals(std::size_t n, std::uint64_t seed, double scale) {
  Values values = randomValues(n, seed, Kind::signedReal);
  for (double& v : values) v = static_cast<float>(v * scale);
  return values;
}

// Symmetric, zero between places of one unit, and small enough for real-valued units to have a
// distribution.
Values denseWeights(std::size_t places, std::uint32_t group) {
  Values w = reals(places * places, places + group, 0.6 / std::sqrt(static_cast<double>(places)));
  for (std::size_t i = 0; i < places; ++i)
    for (std::size_t j = 0; j <= i; ++j) w[i * places + j] = w[j * places + i] = i / group == j / group ? 0 : w[j * places + i];
  return w;
}

// A ring with chords: odd cycles, hubs and, from 20 units on, units without neighbours. Edges come
// in both directions and in no order.
Graph someGraph(std::size_t units, std::uint32_t group) {
  std::set<Graph::Edge> edges;
  auto join = [&](std::size_t i, std::size_t j) {
    if (i != j) edges.insert(std::minmax(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j)));
  };
  const std::size_t joined = units < 20 ? units : units - 2;
  for (std::size_t i = 0; i < joined; ++i) {
    join(i, (i + 1) % joined);
    join(i, (7 * i + 3) % joined);
    if (i % 5 == 0) join(i, 0);
  }
  std::vector<Graph::Edge> list(edges.begin(), edges.end());
  Dice dice(units);
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[dice.below(i)]);
  for (std::size_t i = 0; i < list.size(); i += 2) std::swap(list[i].first, list[i].second);
  return Graph(units, group, list);
}

Graph gridGraph(std::size_t width, std::size_t height) {
  std::vector<Graph::Edge> edges;
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      const auto i = static_cast<std::uint32_t>(y * width + x);
      if (x + 1 < width) edges.emplace_back(i, i + 1);
      if (y + 1 < height) edges.emplace_back(i, i + static_cast<std::uint32_t>(width));
    }
  return Graph(width * height, 1, edges);
}

// The inputs of a sweep apart from the layer.
struct Setting {
  bool fields = false;
  int keep = 0;  // 0: none, 1: one row for all chains, 2: a row per chain
  bool betas = false;
  Draw draw = Draw::sample;
  std::uint64_t step = 0, sweeps = 1;
};

Setting settingNumber(std::size_t n) {
  return {n % 2 == 1, static_cast<int>(n / 2 % 3), n % 5 < 2, n % 4 == 2 ? Draw::mean : n % 7 == 3 ? Draw::mode : Draw::sample, 0,
          1 + n % 3};
}

// A layer's tensors as plain values, so that any backend can load any of its rows.
struct Layer {
  Type type;
  std::size_t rows, places;
  const Graph* graph;  // null: dense
  Values parameters, weights, fields, keep, states, betas;

  Layer(Type t, std::size_t r, std::size_t units, const Graph* g) : type(t), rows(r), places(units * t.group()), graph(g) {
    const std::size_t n = rows * places, count = unitParameterCount(type.type);
    parameters = reals(count * places, 3 + places, 0.4);
    weights = graph ? reals(graph->weights(), 5, 0.3 / std::sqrt(static_cast<double>(type.group()))) : denseWeights(places, type.group());
    fields = reals(n, 7, 0.5);
    Dice dice(rows * 1000 + places);
    keep.resize(n);
    for (std::size_t i = 0; i < n; i += type.group())
      std::fill_n(keep.begin() + static_cast<std::ptrdiff_t>(i), type.group(), dice.below(4) == 0 ? 1.0 : 0.0);
    for (std::size_t i = 0; i < rows; ++i) betas.push_back(static_cast<float>(dice.between(0.2, 2)));
    states = startStates();
  }

  Values startStates() const {
    const auto exact = makeReferenceBackend();
    const TensorPtr p = exact->tensor(unitParameterCount(type.type), places), f = exact->tensor(rows, places),
                    s = exact->tensor(rows, places);
    exact->upload(std::span<const double>(parameters), *p);
    exact->upload(std::span<const double>(fields), *f);
    exact->updateUnits({.units = {type.type, p.get(), type.size}, .stream = testStream(900)}, *f, nullptr, s.get());
    Values values = valuesOf(*exact, *s);
    for (double& v : values) v = static_cast<float>(v);
    return values;
  }
};

constexpr std::uint32_t firstChain = 0xfffffff0u;  // chain numbers wrap around

// Rows first ... last - 1 after the sweeps.
Values swept(Backend& backend, const Layer& layer, const Setting& setting, std::size_t first, std::size_t last) {
  const std::size_t rows = last - first;
  auto tensor = [&](const Values& from, std::size_t r, std::size_t skipped, std::size_t cols) {
    TensorPtr t = backend.tensor(r, cols);
    backend.upload(std::span<const double>(from.data() + skipped * cols, r * cols), *t);
    return t;
  };
  const TensorPtr parameters = tensor(layer.parameters, unitParameterCount(layer.type.type), 0, layer.places);
  const TensorPtr weights =
      layer.graph ? tensor(layer.weights, 1, 0, layer.weights.size()) : tensor(layer.weights, layer.places, 0, layer.places);
  const TensorPtr fields = tensor(layer.fields, rows, first, layer.places), states = tensor(layer.states, rows, first, layer.places);
  const TensorPtr keep = setting.keep == 1 ? tensor(layer.keep, 1, 0, layer.places) : tensor(layer.keep, rows, first, layer.places);
  const UnitUpdate update{.units = {layer.type.type, parameters.get(), layer.type.size},
                          .beta = 0.9,
                          .stream = testStream(setting.step),
                          .firstChain = firstChain + static_cast<std::uint32_t>(first),
                          .betas = setting.betas ? std::span(layer.betas).subspan(first, rows) : std::span<const double>{},
                          .draw = setting.draw};
  const LateralSweep sweep{weights.get(), layer.graph, setting.fields ? fields.get() : nullptr, setting.keep ? keep.get() : nullptr,
                           setting.sweeps};
  backend.run([&] { backend.sweepLateral(update, sweep, *states); });
  CHECK(paddingIsZero(*states));
  return valuesOf(backend, *states);
}

Values swept(Backend& backend, const Layer& layer, const Setting& setting) { return swept(backend, layer, setting, 0, layer.rows); }

// Counts rows with an error that rounding does not explain: a decision went the other way.
std::size_t differentRows(const Values& got, const Values& want, std::size_t places) {
  std::size_t rows = 0;
  for (std::size_t r = 0; r * places < want.size(); ++r) {
    bool same = true;
    for (std::size_t i = r * places; i < (r + 1) * places; ++i)
      same = same && std::fabs(got[i] - want[i]) <= 2e-4 * (1 + std::fabs(want[i]));
    rows += !same;
  }
  return rows;
}

struct Tally {
  std::size_t different = 0, rows = 0;
};

void compare(Backend& fast, Backend& exact, const Layer& layer, const Setting& setting, Tally& tally) {
  tally.different += differentRows(swept(fast, layer, setting), swept(exact, layer, setting), layer.places);
  tally.rows += layer.rows;
}

// Rounding moves a mean by about 1e-7, so it flips one decision in several millions. Each type
// makes about 200,000, so at most one should differ.
void checkSweeps(const Candidate& candidate, bool sparse) {
  const auto fast = candidate.make(2), exact = makeReferenceBackend();
  for (const Type& type : lateralTypes()) {
    CAPTURE(type.name());
    Tally tally;
    std::size_t number = 0;
    for (const std::size_t units : unitCounts) {
      if (units * type.group() > 400) continue;
      const Graph graph = someGraph(units, type.group());
      for (const std::size_t rows : rowCounts) {
        const Layer layer(type, rows, units, sparse ? &graph : nullptr);
        for (int variant = 0; variant < 3; ++variant) compare(*fast, *exact, layer, settingNumber(number++), tally);
      }
    }
    CHECK(tally.rows > (sanitized ? 40 : 400));  // the loops above met most sizes
    CHECK(tally.different <= 1);
  }
}

TEST_CASE("sweeps of a dense layer agree with the reference") {
  forEachBackend([](const Candidate& candidate) { checkSweeps(candidate, false); });
}

TEST_CASE("sweeps of a graph agree with the reference") {
  forEachBackend([](const Candidate& candidate) { checkSweeps(candidate, true); });
}

TEST_CASE("few chains of a large graph agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    const auto fast = candidate.make(2), exact = makeReferenceBackend();
    const Graph graphs[] = {gridGraph(67, 31), someGraph(1500, 1)};
    for (const UnitType type : {UnitType::bernoulli, UnitType::spin, UnitType::gaussian}) {
      Tally tally;
      for (const Graph& graph : graphs)
        for (const std::size_t rows : {1, 2, 3})
          for (std::size_t number = 0; number < 12; number += sanitized ? 5 : 1)
            compare(*fast, *exact, Layer({type}, rows, graph.units(), &graph), settingNumber(number), tally);
      CHECK(tally.different <= 1);
    }
  });
}

TEST_CASE("many sweeps of a dense layer agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    const auto fast = candidate.make(2), exact = makeReferenceBackend();
    for (const UnitType type : {UnitType::bernoulli, UnitType::spin}) {
      Tally tally;
      // Several tiles of chains and blocks of places.
      const Layer layer = sanitized ? Layer({type}, 17, 70, nullptr) : Layer({type}, 33, 150, nullptr);
      compare(*fast, *exact, layer, {.fields = true, .keep = 2, .betas = true, .sweeps = 70}, tally);
      compare(*fast, *exact, layer, {.keep = 1, .sweeps = 40}, tally);
      CHECK(tally.different <= 1);
    }
  });
}

// Different ways to compute the same rows: numbers of threads, rows in pieces.
void checkWays(const Candidate& candidate, const Layer& layer, Setting setting) {
  const auto backend = candidate.make(1);
  const Values want = swept(*backend, layer, setting);
  for (const unsigned threads : {2u, 3u}) CHECK(swept(*candidate.make(threads), layer, setting) == want);
  Values pieces;
  for (std::size_t first = 0; first < layer.rows;) {
    const std::size_t last = std::min(layer.rows, first == 0 ? 3 : first + 17);
    const Values piece = swept(*backend, layer, setting, first, last);
    pieces.insert(pieces.end(), piece.begin(), piece.end());
    first = last;
  }
  CHECK(pieces == want);
}

TEST_CASE("sweeps depend neither on the number of threads nor on which rows share a call") {
  forEachQuick([](const Candidate& candidate) {
    const Graph grid = gridGraph(67, 31);
    for (const Type& type : lateralTypes()) {
      CAPTURE(type.name());
      const std::size_t units = type.group() > 16 ? 3 : 130 / type.group();
      const Graph graph = someGraph(units, type.group());
      for (const std::size_t number : sanitized ? std::vector<std::size_t>{4} : std::vector<std::size_t>{0, 3, 4, 11}) {
        checkWays(candidate, Layer(type, 40, units, nullptr), settingNumber(number));
        checkWays(candidate, Layer(type, 40, units, &graph), settingNumber(number));
      }
    }
    for (const std::size_t number : sanitized ? std::vector<std::size_t>{11} : std::vector<std::size_t>{0, 4, 11})
      for (const std::size_t rows : sanitized ? std::vector<std::size_t>{40} : std::vector<std::size_t>{5, 40}) {
        checkWays(candidate, Layer({UnitType::spin}, rows, grid.units(), &grid), settingNumber(number));
        Setting setting = settingNumber(number);
        checkWays(candidate, Layer({UnitType::bernoulli}, rows, 300, nullptr), setting);
        setting.sweeps = sanitized ? 5 : 40;
        checkWays(candidate, Layer({UnitType::spin}, rows, 300, nullptr), setting);
      }
  });
}

TEST_CASE("a sweep and a field along a graph follow every change of weights and graph") {
  forEachBackend([](const Candidate& candidate) {
    const std::size_t units = 500;
    const Graph first = someGraph(units, 1), turned = [&] {
      std::vector<Graph::Edge> edges;
      for (const auto& [i, j] : first.edges()) edges.emplace_back(units - 1 - i, units - 1 - j);
      return Graph(units, 1, edges);
    }();
    REQUIRE(first.weights() == turned.weights());
    const Values weights[] = {reals(first.weights(), 1, 1), reals(first.weights(), 2, 1)};
    for (const std::size_t rows : {2, 20}) {
      const auto backend = candidate.make(1);
      const Values start = Layer({UnitType::spin}, rows, units, &first).states;
      auto results = [&](Backend& b, const Tensor& w, const Graph& graph) {
        const TensorPtr states = b.tensor(rows, units), bias = b.tensor(1, units), out = b.tensor(rows, units);
        b.upload(std::span<const double>(start), *states);
        const FieldTerm terms[] = {{states.get(), &w, false, 1, &graph}};
        b.fields(terms, false, *out);
        b.sweepLateral({.units = {UnitType::spin, bias.get()}, .stream = testStream()}, {.weights = &w, .graph = &graph}, *states);
        return std::pair(valuesOf(b, *out), valuesOf(b, *states));
      };
      const TensorPtr w = backend->tensor(1, first.weights());
      for (const std::size_t step : {0, 1, 2, 3, 3, 1, 0}) {
        const Graph& graph = step < 2 ? first : turned;
        // Step 2: another graph, the same weights.
        if (step != 2) backend->upload(std::span<const double>(weights[step % 2]), *w);
        const auto fresh = candidate.make(1);
        const TensorPtr again = fresh->tensor(1, first.weights());
        fresh->upload(std::span<const double>(valuesOf(*backend, *w)), *again);
        CHECK(results(*backend, *w, graph) == results(*fresh, *again, graph));
      }
    }
  });
}

TEST_CASE("instruction sets with a fused multiply-add sweep alike, bit for bit") {
  const Graph graph = gridGraph(40, 25);
  for (const UnitType type : {UnitType::bernoulli, UnitType::spin}) {
    const Layer sparse({type}, 20, graph.units(), &graph), dense({type}, 20, 200, nullptr);
    std::vector<Values> results;
    for (const cpu::Kernels* kernels : cpu::availableKernels()) {
      if (std::string(kernels->isa) == "portable") continue;
      cpu::CpuBackend backend(*kernels, 2);
      for (const Layer* layer : {&sparse, &dense}) results.push_back(swept(backend, *layer, settingNumber(1)));
    }
    for (std::size_t i = 2; i < results.size(); ++i) CHECK(results[i] == results[i % 2]);
  }
}

TEST_CASE("several sweeps are sweeps one after the other") {
  forEachBackend([](const Candidate& candidate) {
    const Graph graph = someGraph(130, 1);
    for (const Graph* g : {static_cast<const Graph*>(nullptr), &graph}) {
      const Layer layer({UnitType::spin}, 17, 130, g);
      const auto backend = candidate.make(1);
      Layer later = layer;
      later.states = swept(*backend, layer, {.sweeps = 2});
      const Values once = swept(*backend, later, {.step = 2, .sweeps = 1});
      CHECK(once == swept(*backend, layer, {.sweeps = 3}));
      CHECK(once != swept(*backend, later, {.sweeps = 1}));
    }
  });
}

TEST_CASE("NaN fields switch units off rather than hang or crash a sweep") {
  forEachBackend([](const Candidate& candidate) {
    Layer layer({UnitType::bernoulli}, 3, 20, nullptr);
    layer.fields[25] = NAN;
    const Values got = swept(*candidate.make(1), layer, {.fields = true});
    CHECK(got[25] == 0);
  });
}

// --- along the edges of a graph ------------------------------------------------------------------

struct EdgeCase {
  std::size_t rows, units;
  std::uint32_t group;
};

std::vector<EdgeCase> edgeCases() {
  std::vector<EdgeCase> cases;
  for (const std::size_t rows : {1, 3, 16, 17, 40, 150})
    for (const std::size_t units : {1, 3, 17, 65, 130})
      for (const std::uint32_t group : {1u, 3u}) cases.push_back({rows, units, group});
  return cases;
}

TEST_CASE("fields along a graph agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    twins.fast.run([&] {
      std::size_t number = 0;
      for (const EdgeCase& c : edgeCases()) {
        const Graph graph = someGraph(c.units, c.group);
        const std::size_t places = c.units * c.group;
        const bool accumulate = number++ % 2 == 1;
        const Twin states = twins.make(c.rows, places, randomValues(c.rows * places, 1, Kind::grey, 0.7)),
                   weights = twins.make(1, graph.weights(), reals(graph.weights(), 2, 1)),
                   out = twins.make(c.rows, places, reals(c.rows * places, 3, 1));
        const FieldTerm fast[] = {{states.fast.get(), weights.fast.get(), false, -0.5, &graph}},
                        exact[] = {{states.exact.get(), weights.exact.get(), false, -0.5, &graph}};
        twins.fast.fields(fast, accumulate, *out.fast);
        twins.exact->fields(exact, accumulate, *out.exact);
        checkTwin(twins, out, {2e-5});
      }
    });
  });
}

TEST_CASE("statistics along a graph agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    twins.fast.run([&] {
      std::size_t number = 0;
      for (const EdgeCase& c : edgeCases()) {
        const Graph graph = someGraph(c.units, c.group);
        const std::size_t places = c.units * c.group;
        const bool weighted = number % 2 == 1, same = number % 3 == 0;
        const double beta = number++ % 4 == 0 ? 0 : 0.75;
        const Twin a = twins.make(c.rows, places, reals(c.rows * places, 1, 1)),
                   b = twins.make(c.rows, places, reals(c.rows * places, 2, 1)),
                   w = twins.make(1, c.rows, randomValues(c.rows, 3, Kind::grey)),
                   out = twins.make(1, graph.weights(), reals(graph.weights(), 4, 1));
        CAPTURE(c.rows);
        CAPTURE(c.units);
        CAPTURE(c.group);
        CAPTURE(weighted);
        CAPTURE(same);
        CAPTURE(beta);
        const Twin& second = same ? a : b;
        twins.fast.edgeStatistics(graph, *a.fast, *second.fast, weighted ? w.fast.get() : nullptr, -0.7, beta, *out.fast);
        twins.exact->edgeStatistics(graph, *a.exact, *second.exact, weighted ? w.exact.get() : nullptr, -0.7, beta, *out.exact);
        checkTwin(twins, out, {3e-6 * std::sqrt(static_cast<double>(c.rows))});
      }
    });
  });
}

TEST_CASE("fields and statistics along a graph do not depend on the number of threads, nor fields on which rows share a call") {
  forEachBackend([](const Candidate& candidate) {
    const Graph graph = gridGraph(67, 31);
    const std::size_t rows = 40, places = graph.units();
    const Values states = reals(rows * places, 1, 1), weights = reals(graph.weights(), 2, 1);
    auto results = [&](unsigned threads, std::size_t piece) {
      const auto backend = candidate.make(threads);
      std::vector<Values> all(2);
      const TensorPtr w = backend->tensor(1, graph.weights()), out = backend->tensor(1, graph.weights());
      backend->upload(std::span<const double>(weights), *w);
      backend->run([&] {
        for (std::size_t r = 0; r < rows; r += piece) {
          const TensorPtr s = backend->tensor(piece, places), f = backend->tensor(piece, places);
          backend->upload(std::span<const double>(states.data() + r * places, piece * places), *s);
          const FieldTerm term[] = {{s.get(), w.get(), false, 0.3, &graph}};
          backend->fields(term, false, *f);
          const Values part = valuesOf(*backend, *f);
          all[0].insert(all[0].end(), part.begin(), part.end());
          if (piece == rows) backend->edgeStatistics(graph, *s, *f, nullptr, 1, 0, *out);
        }
      });
      all[1] = valuesOf(*backend, *out);
      return all;
    };
    const auto want = results(1, rows);
    CHECK(results(2, rows) == want);
    CHECK(results(3, rows) == want);
    CHECK(results(1, 5)[0] == want[0]);
  });
}

// --- the graph itself ----------------------------------------------------------------------------

std::size_t checkColours(const Graph& graph) {
  std::vector<std::uint32_t> order = graph.order(), colourOf(graph.units());
  REQUIRE(order.size() == graph.units());
  CHECK(graph.colours().front() == 0);
  CHECK(graph.colours().back() == graph.units());
  for (std::size_t c = 0; c + 1 < graph.colours().size(); ++c) {
    CHECK(graph.colours()[c] < graph.colours()[c + 1]);
    for (std::uint32_t p = graph.colours()[c]; p < graph.colours()[c + 1]; ++p) colourOf[order[p]] = static_cast<std::uint32_t>(c);
  }
  for (const auto& [i, j] : graph.edges()) CHECK(colourOf[i] != colourOf[j]);
  std::sort(order.begin(), order.end());
  for (std::uint32_t i = 0; i < order.size(); ++i) CHECK(order[i] == i);
  return graph.colours().size() - 1;
}

TEST_CASE("a graph's colours are valid, and two wherever two are enough") {
  for (const std::size_t units : unitCounts) checkColours(someGraph(units, 1));
  CHECK(checkColours(gridGraph(9, 8)) == 2);
  CHECK(checkColours(gridGraph(1, 50)) == 2);
  CHECK(checkColours(Graph(4, 1, {})) == 1);
  CHECK(checkColours(Graph(3, 1, {{0, 1}, {1, 2}, {2, 0}})) == 3);
  // Greedy colouring needs three or more colours for these: a path in random order, and a crown.
  CHECK(checkColours(Graph(6, 1, {{0, 2}, {2, 3}, {3, 1}, {4, 0}, {1, 5}})) == 2);
  std::vector<Graph::Edge> crown;
  for (std::uint32_t i = 0; i < 5; ++i)
    for (std::uint32_t j = 0; j < 5; ++j)
      if (i != j) crown.emplace_back(2 * i, 2 * j + 1);
  CHECK(checkColours(Graph(10, 1, crown)) == 2);
  // A random tree, then the same graph with an odd cycle added: three colours, of which the tree
  // uses two.
  Dice dice(4);
  std::vector<Graph::Edge> tree;
  for (std::uint32_t i = 1; i < 300; ++i) tree.emplace_back(static_cast<std::uint32_t>(dice.below(i)), i);
  CHECK(checkColours(Graph(300, 1, tree)) == 2);
  for (std::uint32_t i = 300; i < 305; ++i) tree.emplace_back(i, i == 304 ? 300 : i + 1);
  CHECK(checkColours(Graph(305, 1, tree)) == 3);
}

TEST_CASE("a graph knows its neighbours and the places of its weights") {
  const Graph graph = someGraph(40, 3);
  CHECK(graph.weights() == graph.edges().size() * 9);
  std::map<Graph::Edge, std::uint32_t> edgeOf;
  for (std::uint32_t e = 0; e < graph.edges().size(); ++e) edgeOf[graph.edges()[e]] = e;
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < graph.units(); ++i)
    for (const auto* n = graph.begin(i); n != graph.end(i); ++n, ++count) {
      const auto edge = edgeOf.find(std::minmax(i, n->unit));
      REQUIRE(edge != edgeOf.end());
      CHECK(n->edge == edge->second);
      CHECK(n->first == (i < n->unit));
      CHECK(graph.weight(*n, 2, 1) == n->edge * std::size_t{9} + (n->first ? 2 * 3 + 1 : 1 * 3 + 2));
    }
  CHECK(count == 2 * graph.edges().size());
}

std::string refusal(std::size_t units, std::vector<Graph::Edge> edges) {
  try {
    Graph(units, 1, std::move(edges));
  } catch (const Error& error) {
    return error.code() == ErrorCode::parameter ? error.what() : "another error";
  }
  return "none";
}

TEST_CASE("bad edges are refused by name") {
  CHECK(refusal(3, {{0, 1}, {1, 3}}).find("units below 3, got (1, 3)") != std::string::npos);
  CHECK(refusal(3, {{2, 2}}).find("two different units, got (2, 2)") != std::string::npos);
  CHECK(refusal(3, {{0, 1}, {1, 2}, {1, 0}}).find("got (0, 1) twice") != std::string::npos);
  CHECK(refusal(0, {}) == "none");
}

}  // namespace
}  // namespace boltzkit::test
