#include "cpu/product_plan.hpp"

#include <algorithm>
#include <atomic>

#include "core/checked.hpp"
#include "core/error.hpp"
#include "cpu/largest.hpp"
#include "cpu/rounded_weights.hpp"
#include "cpu/transposed_copy.hpp"

namespace boltzkit::cpu {
namespace {

// A left factor of which a sample has more of its places than this not zero is not listed. Dense
// products win from 53 % on (kernels_avx512.cpp); listing takes up to a tenth of the time.
constexpr double denseSample = 0.75;
constexpr std::size_t sampledRows = 8;

// Turning the tiles of a right factor takes as long as so many tiles of rows of the left one.
constexpr std::size_t turningRows = 3;
static_assert(panelColumns == byteTileDepth);  // a panel of the transpose is a row of tiles

}  // namespace

ProductPlan::ProductPlan(Engine& engine, const Product& product, NonZeroBuffer& buffer, std::size_t firstRow, std::size_t rows, Lists lists)
    : engine_(engine),
      kernels_(engine.kernels()),
      p_(product),
      buffer_(buffer),
      first_(firstRow),
      rows_(rows),
      number_(++engine.workspace().products),
      perThread_(lists == Lists::perThread),
      left_(p_, firstRow),
      leftTiles_(p_, firstRow, rows),
      alpha_(product.alpha) {
  if (p_.tolerance > 0 && chooseRounded()) return;
  perThread_ = false;
  chooseExact();
}

// Chooses the first family that suits the values of the left factor and whose errors are small
// enough, or its twin by tiles; false if there is none. Keeps what it learns of the values until
// the left factor changes, since data are read for a field and again for statistics.
bool ProductPlan::chooseRounded() {
  if (!p_.matrix || p_.weights) throw Error(ErrorCode::internal, "a product that may round needs a whole right factor and no row weights");
  CpuTensor::KnownValues part, &known = p_.left && rows_ == p_.rows ? p_.left->knownValues() : part;
  for (const ProductFamily& family : kernels_.families) {
    if (!family.rounds() || family.takes < known.kind || p_.depth > family.mostDepth) continue;
    const bool next = family.takes == known.kind, seen = next && known.holds;
    if (!mayRound(family, seen ? known.largest : 0)) continue;
    const ProductFamily* chosen = &family;
    NonZeroFacts facts{};
    const auto list = [&] { chosen = &family, facts = listRounded(family, seen); };
    if (tilesPay(family, leftTiles_.fromBits() ? leftTiles_.ones() : seen ? known.count : SIZE_MAX)) {
      chosen = family.byTiles;
      const TileFacts tiles = makeTiles(*chosen);
      facts = tiles.values;
      negative_ = tiles.negative;
      const bool fits = !negative_ || facts.largest <= largestSignedByte;
      if (facts.good && !leftTiles_.fromBits() && !(fits && tilesPay(family, facts.count))) list();
    } else {
      list();
    }
    const float largest = facts.largest / scaleOf(family.takes);
    if (facts.good && next && !seen) known.holds = true, known.largest = largest, known.count = facts.count;
    if (!facts.good && !known.holds) known.kind = after(family.takes);
    if (!facts.good || !mayRound(family, seen ? known.largest : largest)) continue;
    takeRounded(*chosen, facts.count);
    return true;
  }
  return false;
}

// True if the family has a twin by tiles that is faster for so many places that are not 0.
bool ProductPlan::tilesPay(const ProductFamily& lists, std::size_t entries) const {
  const ProductFamily* twin = lists.byTiles;
  return twin && p_.depth <= twin->mostDepth && costOf(*twin, 0) < costOf(lists, entries);
}

// Threads share the rows. All stop when one of them finds a value that does not suit the family.
TileFacts ProductPlan::makeTiles(const ProductFamily& family) {
  listsPerThread_ = false;
  auto* const tiles = reinterpret_cast<std::uint8_t*>(buffer_.left.atLeast(leftTiles_.tiles() * byteTileFloats));
  std::uint8_t* const used = buffer_.used.atLeast(leftTiles_.tiles());
  std::atomic<std::size_t> count{0};
  std::atomic<bool> good{true}, negative{false};
  std::atomic<float> largest{0};
  engine_.parallelFor(leftTiles_.tasks(), static_cast<double>(rows_ * p_.depth) / 4, [&](std::size_t task, unsigned) {
    if (!good.load(std::memory_order_relaxed)) return;
    const auto [values, below] = leftTiles_.make(family, task, tiles, used);
    count.fetch_add(values.count, std::memory_order_relaxed);
    if (below) negative.store(true, std::memory_order_relaxed);
    raise(largest, values.largest);
    if (!values.good || (family.takes == LeftValues::bits && (below || values.largest > 1))) good.store(false, std::memory_order_relaxed);
  });
  tiles_ = tiles;
  used_ = used;
  return {{count, good, largest}, negative};
}

bool ProductPlan::mayRound(const ProductFamily& family, double largestState) const {
  return roundable(engine_, *p_.matrix, family.packing, orientationOf(p_.bTransposed), p_.tolerance, largestState);
}

// `known`: the left factor is known to have only values that the family accepts.
NonZeroFacts ProductPlan::listRounded(const ProductFamily& family, bool known) {
  left_.listFor(family, packedStride(family.packing, p_.columns));
  listsPerThread_ = perThread_ && (left_.fromBits() || (known && p_.aTransposed));
  return listsPerThread_ ? NonZeroFacts{rows_ * p_.depth / 4, true} : listAll();
}

void ProductPlan::takeRounded(const ProductFamily& family, std::size_t entries) {
  const PackedCopy& copy =
      roundedCopy(engine_, *p_.matrix, family.packing, family.tiles ? Orientation::upright : orientationOf(p_.bTransposed));
  family_ = &family;
  perThread_ = listsPerThread_;
  b_ = copy.words.data();
  bStride_ = copy.stride;
  alpha_ = p_.alpha * copy.unit / scaleOf(family.takes);
  const double largest = formatOf(family.packing).largest * (family.takes == LeftValues::bits ? 1.0 : largestWhole);
  const double largestSum = largest * static_cast<double>(p_.depth);
  narrow_ = largestSum < 0x1p31;
  bound_ = std::fabs(static_cast<double>(alpha_)) * largestSum;
  work_ = costOf(family, entries);
}

// Threads share the rows. All stop when one of them finds a value that does not suit the family.
NonZeroFacts ProductPlan::listAll() {
  const std::size_t taskRows = p_.aTransposed ? listedColumns : listedRows;
  const NonZeroRegions regions = left_.regions(buffer_, rows_, taskRows);
  std::uint32_t* columns = p_.aTransposed ? buffer_.columns.atLeast(engine_.threads() * columnScratch) : nullptr;
  std::atomic<std::size_t> count{0};
  std::atomic<bool> good{true};
  std::atomic<float> largest{0};
  engine_.parallelFor(blocksOf(rows_, taskRows), static_cast<double>(rows_ * p_.depth), [&](std::size_t task, unsigned thread) {
    if (left_.strict() && !good.load(std::memory_order_relaxed)) return;
    const std::size_t first = task * taskRows, last = std::min(rows_, first + taskRows);
    const NonZeroFacts facts = left_.list(regions, first, first, last, columns ? columns + thread * columnScratch : nullptr);
    count.fetch_add(facts.count, std::memory_order_relaxed);
    if (!facts.good) good.store(false, std::memory_order_relaxed);
    raise(largest, facts.largest);
  });
  lists_ = regions.lists;
  return {count, good, largest};
}

// Chooses the cheapest of the families that do not round: they use the same lists and give the same
// bits.
void ProductPlan::chooseExact() {
  placeFloats();
  if (chooseDense()) return;
  const NonZeroFacts facts = listExact();
  for (const ProductFamily& family : kernels_.families) {
    if (family.rounds() || (family.takes == LeftValues::bits && !facts.good)) continue;
    const double cost = costOf(family, facts.count);
    if (family_ && cost >= work_) continue;
    family_ = &family;
    work_ = cost;
  }
  if (!family_->lists) readRows();
}

// Chooses the dense family without lists if a sample says that they would not pay. The choice is
// one of speed alone.
bool ProductPlan::chooseDense() {
  if (left_.hasBits() || !mostlyNonZero()) return false;
  family_ = &*std::ranges::find_if(kernels_.families, [](const ProductFamily& f) { return !f.rounds() && !f.lists; });
  left_.listFor(*family_, 0);
  lists_.depth = family_->blockOf(p_.depth);
  lists_.blocks = blocksOf(p_.depth, lists_.depth);
  work_ = costOf(*family_, 0);
  readRows();
  return true;
}

// Looks at evenly spaced rows of A as it is stored.
bool ProductPlan::mostlyNonZero() const {
  const std::size_t stored = p_.aTransposed ? p_.depth : rows_, places = p_.aTransposed ? rows_ : p_.depth;
  const std::size_t sampled = std::min(stored, sampledRows);
  const float* const first = p_.a + (p_.aTransposed ? first_ : first_ * p_.aStride);
  std::size_t nonZero = 0;
  for (std::size_t i = 0; i < sampled; ++i) {
    const float* const row = first + i * stored / sampled * p_.aStride;
    std::uint32_t count = 0;
    for (std::size_t j = 0; j < places; ++j) count += row[j] != 0;
    nonZero += count;
  }
  return static_cast<double>(nonZero) > denseSample * static_cast<double>(sampled * places);
}

NonZeroFacts ProductPlan::listExact() {
  const auto lists = [](const ProductFamily& family) { return !family.rounds() && family.lists; };
  left_.listFor(*std::ranges::find_if(kernels_.families, lists), b_ ? bStride_ : panelColumns);
  return listAll();
}

// B where it lies, or its transposed copy if there is one.
void ProductPlan::placeFloats() {
  if (!p_.bTransposed) {
    b_ = p_.b;
    bStride_ = p_.bStride;
  } else if (const auto* copy = p_.matrix ? transposedCopy(engine_, *p_.matrix, p_.rows) : nullptr) {
    b_ = copy->buffer.data();
    bStride_ = copy->stride;
  }
}

// Reads the left factor by rows: unchanged, or a transposed copy.
void ProductPlan::readRows() {
  if (!p_.aTransposed) {
    aStride_ = p_.aStride;
    a_ = p_.a + first_ * p_.aStride;
    return;
  }
  aStride_ = rowStride(p_.depth);
  float* copy = buffer_.left.atLeast(roundUp(rows_, lineFloats) * aStride_);
  a_ = copy;
  engine_.parallelFor(blocksOf(rows_, lineFloats), static_cast<double>(rows_ * p_.depth) / 4, [&](std::size_t task, unsigned) {
    const std::size_t first = task * lineFloats;
    kernels_.transpose(p_.a + first_ + first, p_.aStride, p_.depth, std::min(lineFloats, rows_ - first), p_.weights,
                       copy + first * aStride_, aStride_);
  });
}

double ProductPlan::costOf(const ProductFamily& family, std::size_t entries) const {
  const std::size_t n = family.lists   ? entries
                        : family.tiles ? (leftTiles_.tasks() + (p_.bTransposed ? turningRows : 0)) * leftTiles_.depth()
                                       : std::max(rows_, family.leastRows) * p_.depth;
  return static_cast<double>(n) * family.cost * static_cast<double>(p_.columns) / 16;
}

void ProductPlan::list(std::size_t firstRow, std::size_t lastRow, ThreadNonZeros& own) const {
  if (!perThread_ || (own.product == number_ && own.firstRow == firstRow)) return;
  const NonZeroRegions regions = left_.regions(own.buffer, lastRow - firstRow, lastRow - firstRow);
  std::uint32_t* columns = p_.aTransposed && !left_.fromBits() ? own.buffer.columns.atLeast(columnScratch) : nullptr;
  left_.list(regions, 0, firstRow, lastRow, columns);
  own.lists = regions.lists;
  own.product = number_;
  own.firstRow = firstRow;
}

void ProductPlan::tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, const ThreadNonZeros& own, float* scratch, float* out,
                       const Upcoming& upcoming) const {
  const auto setC = [&](PanelBlock& block) {
    block.c = out ? out : p_.c + (first_ + firstRow) * p_.cStride + column;
    block.ldc = out ? panelColumns : p_.cStride;
  };
  if (family_->tiles) {
    PanelBlock block = blockOfTiles(column, firstRow, lastRow, scratch);
    setC(block);
    block.upcoming = upcoming;
    return family_->kernel(block);
  }
  PanelBlock block{};
  setC(block);
  block.firstRow = perThread_ ? 0 : firstRow;
  block.lastRow = block.firstRow + (lastRow - firstRow);
  block.lda = aStride_;
  block.lists = perThread_ ? own.lists : lists_;
  block.columns = roundUp(std::min(panelColumns, p_.columns - column), lineFloats);
  constexpr std::size_t tileFloats = tileRows * panelColumns;
  block.sums = scratch;
  block.totals = scratch + tileFloats;
  block.rests = scratch + 2 * tileFloats;
  block.alpha = alpha_;
  block.beta = p_.beta;
  const std::size_t depth = left_.depth(), step = block.lists.depth;
  for (std::size_t k = 0; k < depth; k += step, ++block.block) {
    if (a_) block.a = a_ + k;
    block.depth = std::min(step, depth - k);
    const std::size_t group = block.block / groupBlocks;
    block.first = block.block % groupBlocks == 0;
    block.last = block.block % groupBlocks == groupBlocks - 1 || k + step >= depth;
    block.firstGroup = group == 0;
    block.lastGroup = group == (block.lists.blocks - 1) / groupBlocks;
    if (k + step >= depth) block.upcoming = upcoming;
    placeB(block, k, column, scratch + 3 * tileFloats);
    family_->kernel(block);
  }
}

void ProductPlan::draw(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch, const BernoulliTile& units) const {
  PanelBlock block = blockOfTiles(column, firstRow, lastRow, scratch);
  block.drawn = &units;
  family_->drawing(block);
}

PanelBlock ProductPlan::blockOfTiles(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch) const {
  PanelBlock block{};
  block.firstRow = firstRow;
  block.lastRow = lastRow;
  block.bytes = tiles_;
  block.used = used_;
  block.negative = negative_;
  block.narrow = narrow_;
  block.depth = leftTiles_.depth();
  block.columns = roundUp(std::min(panelColumns, p_.columns - column), lineFloats);
  block.alpha = alpha_;
  block.beta = p_.beta;
  block.turn = p_.bTransposed;
  block.places = p_.depth;
  block.turned = scratch;
  if (block.turn)
    block.b = b_ + column / byteTileDepth * bStride_;
  else
    placeB(block, 0, column, nullptr);
  return block;
}

void ProductPlan::placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const {
  if (b_) {
    block.b = b_ + k * bStride_ + formatOf(family_->packing).wordsBefore(column);
    block.ldb = bStride_;
    return;
  }
  const std::size_t columns = std::min(panelColumns, p_.columns - column);
  kernels_.transpose(p_.b + column * p_.bStride + k, p_.bStride, columns, block.depth, nullptr, copy, panelColumns);
  block.b = copy;
  block.ldb = panelColumns;
}

}  // namespace boltzkit::cpu
