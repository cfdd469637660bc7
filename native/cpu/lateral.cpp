// Sweeps over layers that are coupled to themselves: unit after unit, each given the newest states
// of the others.
//
// Graphs and small dense layers (LocalSweep): threads share tiles of chains. A tile stays in its
// transposed form for all sweeps of a call. With fewer tiles than threads, the threads share the
// units of one colour instead.
//
// Large dense layers (BlockSweep): threads share the chains, and a sweep visits blocks of about 64
// places. The field of all other units on a block is one product. Within the block, each unit adds
// the changes of the block's earlier ones. A call of several sweeps keeps the fields of two-state
// units, and adds what a block has changed to them. That is again one product, which leaves out the
// units that did not flip.
//
// Large graphs with few chains (ChainSweeps): a unit to a lane. Threads share the units of one
// colour.
#include "cpu/cpu_backend.hpp"
#include "cpu/neighbour_lists.hpp"
#include "cpu/product.hpp"
#include "cpu/tile_draws.hpp"

namespace boltzkit::cpu {
namespace {

// The arguments of one call of sweepLateral, with its engine.
struct Call {
  Engine& engine;
  const UnitUpdate& update;
  const LateralSweep& sweep;
  CpuTensor& states;
  std::size_t group;  // places of a unit

  const Kernels& kernels() const { return engine.kernels(); }
  std::size_t rows() const { return states.rows(); }
  std::size_t places() const { return states.cols(); }
  std::size_t tiles() const { return (rows() + chainTile - 1) / chainTile; }
  TileRows tile(std::size_t t) const { return {t * chainTile, std::min(chainTile, rows() - t * chainTile)}; }
  Stream stream(std::uint64_t n) const {
    Stream s = update.stream;
    s.step += n;
    return s;
  }
  const float* sharedKeep() const { return sweep.keep && sweep.keep->rows() == 1 ? cpuTensor(*sweep.keep).row(0) : nullptr; }
  bool keepsRows() const { return sweep.keep && sweep.keep->rows() > 1; }
  // The units from a place on.
  RowUnits<float> units(std::size_t place) const {
    const CpuTensor& p = cpuTensor(*update.units.parameters);
    return {p.row(0) + place, p.stride(), update.units.size, places() - place};
  }
};

// The places first ... first + n - 1 of the rows of a tile. first is a multiple of lineFloats.
void loadPlaces(const Call& call, const Tensor& from, TileRows rows, std::size_t first, std::size_t n, float* tile) {
  const CpuTensor& t = cpuTensor(from);
  loadTile(call.kernels(), t.row(rows.first) + first, t.stride(), rows.count, n, tile);
}
void storePlaces(const Call& call, const float* tile, TileRows rows, std::size_t first, std::size_t n) {
  storeTile(call.kernels(), tile, rows.count, n, call.states.touchedRow(rows.first) + first, call.states.stride());
}

template <class Unit>
class LocalSweep {
 public:
  // colours: the positions where one colour ends and the next begins. Empty if every unit may be
  // coupled to every other.
  LocalSweep(const Call& call, const NeighbourLists& lists, const std::uint32_t* order, std::span<const std::uint32_t> colours)
      : call_(call), lists_(lists), order_(order), colours_(colours) {}

  void run() {
    const bool shareTiles = call_.tiles() >= call_.engine.threads() || colours_.empty();
    float* memory = call_.engine.workspace().tiles.atLeast((shareTiles ? call_.engine.threads() : 1) * tileMemory());
    if (shareTiles)
      call_.engine.parallelFor(call_.tiles(), work(call_.rows() * positions()) * static_cast<double>(call_.sweep.sweeps),
                               [&](std::size_t tile, unsigned thread) { sweepTile(call_.tile(tile), memory + thread * tileMemory()); });
    else
      for (std::size_t tile = 0; tile < call_.tiles(); ++tile) sweepByColours(call_.tile(tile), memory);
  }

 private:
  std::size_t positions() const { return call_.places() / call_.group; }
  std::size_t tileMemory() const { return (1 + (call_.sweep.fields != nullptr) + call_.keepsRows()) * tileFloats(call_.places()); }

  double work(std::size_t updates) const {
    const double each =
        2 * UnitRows<Unit>::steps + static_cast<double>(lists_.starts[call_.places()]) / 4 / static_cast<double>(positions());
    return static_cast<double>(updates) * each;
  }

  TileSweep load(TileRows rows, float* memory) const {
    TileSweep t{.order = order_,
                .starts = lists_.starts,
                .neighbours = lists_.neighbours,
                .sharedKeep = call_.sharedKeep(),
                .bias = call_.units(0).p};
    auto place = [&](const Tensor& from) {
      float* tile = memory;
      loadPlaces(call_, from, rows, 0, call_.places(), tile);
      memory += tileFloats(call_.places());
      return tile;
    };
    t.source = t.states = place(call_.states);
    if (call_.sweep.fields) t.fields = place(*call_.sweep.fields);
    if (call_.keepsRows()) t.keep = place(*call_.sweep.keep);
    return t;
  }

  void draw(TileSweep t, std::uint64_t sweep, TileRows rows, std::size_t first, std::size_t last) const {
    t.first = first;
    t.last = last;
    drawTile<Unit>(call_.kernels(), call_.update, call_.stream(sweep), rows, t, call_.units(0));
  }

  void sweepTile(TileRows rows, float* memory) const {
    const TileSweep t = load(rows, memory);
    for (std::uint64_t n = 0; n < call_.sweep.sweeps; ++n) draw(t, n, rows, 0, positions());
    storePlaces(call_, t.states, rows, 0, call_.places());
  }

  // Parts begin at multiples of 16 positions, so that no two of them share a call of the generator.
  void sweepByColours(TileRows rows, float* memory) const {
    const TileSweep t = load(rows, memory);
    for (std::uint64_t n = 0; n < call_.sweep.sweeps; ++n)
      for (std::size_t c = 0; c + 1 < colours_.size(); ++c) {
        const std::size_t first = colours_[c] / 16, last = (colours_[c + 1] + 15) / 16;
        call_.engine.parallelRows(last - first, work(rows.count * 16 * (last - first)), [&](std::size_t from, std::size_t to) {
          draw(t, n, rows, std::max<std::size_t>(colours_[c], 16 * (first + from)),
               std::min<std::size_t>(colours_[c + 1], 16 * (first + to)));
        });
      }
    storePlaces(call_, t.states, rows, 0, call_.places());
  }

  const Call& call_;
  const NeighbourLists lists_;
  const std::uint32_t* order_;
  const std::span<const std::uint32_t> colours_;
};

// Places of as many whole units as fit into a panel of the product kernels, at least one unit.
std::size_t blockPlaces(std::size_t group) { return std::max<std::size_t>(1, panelColumns / group) * group; }

template <class Unit>
class BlockSweep {
 public:
  BlockSweep(const Call& call, const NeighbourLists& lists, std::span<const std::unique_ptr<Engine>> engines)
      : call_(call),
        lists_(lists),
        engines_(engines),
        block_(blockPlaces(call.group)),
        blockStride_(rowStride(block_)),
        keepsFields_(TwoStates<Unit>::apply && call.sweep.sweeps >= leastSweeps),
        fieldStride_(rowStride(keepsFields_ ? call.places() : block_)) {}

  void run() {
    const std::size_t share = (call_.tiles() + call_.engine.threads() - 1) / call_.engine.threads();
    const std::size_t chunk = std::min(share, mostRows / chainTile) * chainTile;
    float* memory = call_.engine.workspace().tiles.atLeast(call_.engine.threads() * memoryPerThread());
    const double work = static_cast<double>(call_.rows() * call_.places()) * static_cast<double>(call_.sweep.sweeps) *
                        (UnitRows<Unit>::steps + static_cast<double>(call_.places()) / 8);
    call_.engine.parallelFor((call_.rows() + chunk - 1) / chunk, work, [&](std::size_t c, unsigned thread) {
      sweepRows(*engines_[thread], c * chunk, std::min((c + 1) * chunk, call_.rows()), memory + thread * memoryPerThread());
    });
  }

 private:
  // The states of so many rows stay in the second-level cache while the weights pass by.
  static constexpr std::size_t mostRows = 64;
  // Keeping fields saves work from leastSweeps sweeps on. They are computed afresh every
  // freshFields sweeps, so that rounding errors do not add up.
  static constexpr std::uint64_t leastSweeps = 3, freshFields = 32;
  static constexpr std::size_t tileArrays = 4;
  std::size_t tileSize() const { return tileFloats(block_ + lineFloats); }
  std::size_t memoryPerThread() const { return mostRows * (fieldStride_ + blockStride_) + tileArrays * tileSize(); }

  void sweepRows(Engine& engine, std::size_t firstRow, std::size_t lastRow, float* memory) const {
    float *fields = memory, *changes = fields + mostRows * fieldStride_, *tiles = changes + mostRows * blockStride_;
    for (std::uint64_t n = 0; n < call_.sweep.sweeps; ++n)
      for (std::size_t first = 0; first < call_.places(); first += block_) {
        const std::size_t last = std::min(first + block_, call_.places());
        if (!keepsFields_) makeFields(engine, firstRow, lastRow, first, last, fields);
        if (keepsFields_ && first == 0 && n % freshFields == 0) makeFields(engine, firstRow, lastRow, 0, call_.places(), fields);
        for (std::size_t r = firstRow; r < lastRow; r += chainTile)
          sweepTile(n, {r, std::min(chainTile, lastRow - r)}, first, last,
                    fields + (r - firstRow) * fieldStride_ + (keepsFields_ ? first : 0), changes + (r - firstRow) * blockStride_, tiles);
        if (keepsFields_) addChanges(engine, lastRow - firstRow, first, last, changes, fields);
      }
  }

  // The fields on the places first ... last - 1. Where a block may begin between two lines, reads
  // the weights by rows, which their symmetry allows.
  void makeFields(Engine& engine, std::size_t firstRow, std::size_t lastRow, std::size_t first, std::size_t last, float* out) const {
    const CpuTensor& weights = cpuTensor(*call_.sweep.weights);
    if (call_.sweep.fields)
      for (std::size_t r = firstRow; r < lastRow; ++r)
        std::copy(cpuTensor(*call_.sweep.fields).row(r) + first, cpuTensor(*call_.sweep.fields).row(r) + last,
                  out + (r - firstRow) * fieldStride_);
    const bool byRows = call_.group > 1;
    multiply(engine, {.a = call_.states.row(firstRow),
                      .aStride = call_.states.stride(),
                      .rows = lastRow - firstRow,
                      .depth = call_.places(),
                      .columns = last - first,
                      .b = byRows ? weights.row(first) : weights.row(0) + first,
                      .bStride = weights.stride(),
                      .bTransposed = byRows,
                      .c = out,
                      .cStride = fieldStride_,
                      .beta = call_.sweep.fields ? 1.0f : 0.0f});
  }

  // Updates all fields after a block has changed. The fewer of its units have changed, the less
  // there is to add.
  void addChanges(Engine& engine, std::size_t rows, std::size_t first, std::size_t last, const float* changes, float* fields) const {
    const CpuTensor& weights = cpuTensor(*call_.sweep.weights);
    multiply(engine, {.a = changes,
                      .aStride = blockStride_,
                      .rows = rows,
                      .depth = last - first,
                      .columns = call_.places(),
                      .b = weights.row(first),
                      .bStride = weights.stride(),
                      .c = fields,
                      .cStride = fieldStride_,
                      .beta = 1});
  }

  void sweepTile(std::uint64_t n, TileRows rows, std::size_t first, std::size_t last, const float* fields, float* changes,
                 float* memory) const {
    const std::size_t line = first / lineFloats * lineFloats, lead = (first - line) * chainTile;
    const std::size_t places = std::min(roundUp(last, lineFloats), call_.places()) - line;
    float *states = memory, *change = memory + tileSize(), *tileFields = memory + 2 * tileSize(), *keep = memory + 3 * tileSize();
    loadPlaces(call_, call_.states, rows, line, places, states);
    loadTile(call_.kernels(), fields, fieldStride_, rows.count, last - first, tileFields);
    if (call_.keepsRows()) loadPlaces(call_, *call_.sweep.keep, rows, line, places, keep);
    std::fill_n(change, tileFloats(last - first), 0.0f);
    const TileSweep t{.first = 0,
                      .last = (last - first) / call_.group,
                      .starts = lists_.starts + first,
                      .neighbours = lists_.neighbours,
                      .source = change,
                      .states = states + lead,
                      .change = change,
                      .fields = tileFields,
                      .keep = call_.keepsRows() ? keep + lead : nullptr,
                      .sharedKeep = call_.sharedKeep() ? call_.sharedKeep() + first : nullptr,
                      .bias = call_.units(first).p,
                      .firstPosition = static_cast<std::uint32_t>(first / call_.group)};
    drawTile<Unit>(call_.kernels(), call_.update, call_.stream(n), rows, t, call_.units(first));
    storePlaces(call_, states, rows, line, places);
    if (keepsFields_) storeTile(call_.kernels(), change, rows.count, last - first, changes, blockStride_);
  }

  const Call& call_;
  const NeighbourLists lists_;
  const std::span<const std::unique_ptr<Engine>> engines_;
  const std::size_t block_, blockStride_;
  const bool keepsFields_;
  const std::size_t fieldStride_;
};

// Few chains would leave most lanes of a tile empty. Where colours are large, units fill the lanes.
bool sweepsChains(const Call& call, const Graph& graph) { return call.rows() <= 4 && graph.units() >= 64 * (graph.colours().size() - 1); }

template <class Unit>
class ChainSweeps {
 public:
  ChainSweeps(const Call& call, const Graph& graph, const NeighbourSlots& slots) : call_(call), graph_(graph), slots_(slots) {}

  void run() {
    const std::size_t stride = roundUp(call_.places() + lineFloats, lineFloats);
    float* memory = call_.engine.workspace().tiles.atLeast(4 * stride);
    for (std::size_t r = 0; r < call_.rows(); ++r) sweepRow(r, memory, stride);
  }

 private:
  // Parts of a colour begin at multiples of 64 positions, the grain of the generator.
  static constexpr std::size_t grain = 64;

  // to [positions] from `from` [places].
  void permute(const float* from, float* to) const {
    call_.engine.parallelRows(call_.places(), 4.0 * static_cast<double>(call_.places()), [&](std::size_t first, std::size_t last) {
      for (std::size_t p = first; p < last; ++p) to[p] = from[graph_.order()[p]];
    });
  }

  ChainSweep load(std::size_t r, float* memory, std::size_t stride) const {
    ChainSweep c{.starts = slots_.starts, .place = slots_.place, .run = slots_.run, .weight = slots_.weight};
    auto place = [&](const float* from) {
      float* to = memory;
      permute(from, to);
      memory += stride;
      return to;
    };
    c.states = place(call_.states.row(r));
    // Read, with weights of 0, where a run goes on behind the last unit.
    std::fill(c.states + call_.places(), c.states + stride, 0.0f);
    c.bias = place(call_.units(0).p);
    if (call_.sweep.fields) c.fields = place(cpuTensor(*call_.sweep.fields).row(r));
    if (call_.sweep.keep) c.keep = place(cpuTensor(*call_.sweep.keep).row(call_.keepsRows() ? r : 0));
    c.slope = TwoStates<Unit>::slope * static_cast<float>(call_.update.betaOf(r));
    c.low = TwoStates<Unit>::low;
    c.range = TwoStates<Unit>::range;
    c.draw = call_.update.draw;
    return c;
  }

  void sweepRow(std::size_t r, float* memory, std::size_t stride) const {
    ChainSweep c = load(r, memory, stride);
    for (std::uint64_t n = 0; n < call_.sweep.sweeps; ++n) {
      setCounter(c, call_.stream(n), call_.update.firstChain + static_cast<std::uint32_t>(r));
      for (std::size_t colour = 0; colour + 1 < graph_.colours().size(); ++colour)
        sweepColour(c, graph_.colours()[colour], graph_.colours()[colour + 1]);
    }
    float* to = call_.states.touchedRow(r);
    call_.engine.parallelRows(call_.places(), 4.0 * static_cast<double>(call_.places()), [&](std::size_t first, std::size_t last) {
      for (std::size_t p = first; p < last; ++p) to[graph_.order()[p]] = c.states[p];
    });
  }

  void sweepColour(const ChainSweep& c, std::size_t begin, std::size_t end) const {
    const std::size_t first = begin / grain, last = (end + grain - 1) / grain;
    call_.engine.parallelRows(last - first, 4.0 * static_cast<double>(end - begin), [&](std::size_t from, std::size_t to) {
      ChainSweep part = c;
      part.first = std::max(begin, grain * (first + from));
      part.last = std::min(end, grain * (first + to));
      call_.kernels().twoStateChain(part);
    });
  }

  const Call& call_;
  const Graph& graph_;
  const NeighbourSlots slots_;
};

}  // namespace

void CpuBackend::sweepLateral(const UnitUpdate& update, const LateralSweep& sweep, Tensor& states) {
  if (states.rows() == 0 || states.cols() == 0) return;
  const CpuTensor& weights = cpuTensor(*sweep.weights);
  cpuTensor(states).touch();
  visitUnit(update.units.type, [&](auto unit) {
    using Unit = decltype(unit);
    const Call call{engine_, update, sweep, cpuTensor(states), Unit::grouped ? update.units.size : 1};
    if (sweep.graph) {
      const Graph& graph = *sweep.graph;
      if constexpr (TwoStates<Unit>::apply)
        if (sweepsChains(call, graph)) return ChainSweeps<Unit>(call, graph, slotGraph(engine_, graph, weights)).run();
      return LocalSweep<Unit>(call, listGraph(engine_, graph, true, weights, 1), graph.order().data(), graph.colours()).run();
    }
    const std::size_t block = blockPlaces(call.group);
    const bool small = call.places() <= block;
    const NeighbourLists lists = listBlocks(engine_, weights, call.group, block, small);
    if (small) return LocalSweep<Unit>(call, lists, nullptr, {}).run();
    while (perThread_.size() < engine_.threads()) perThread_.push_back(std::make_unique<Engine>(engine_.kernels(), 1));
    BlockSweep<Unit>(call, lists, perThread_).run();
  });
}

}  // namespace boltzkit::cpu
