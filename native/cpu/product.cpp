// A product runs in two parallel loops:
//  1. over rows of A: list the places that are not zero (product_plan.hpp), unless each thread
//     lists its own rows in the second loop;
//  2. over tiles of C, panels of 64 columns times groups of rows: block of k by block of k, by the
//     kernel of the chosen family. B is read where it lies, or in a packed copy, or its blocks are
//     transposed on the way.
// Every element of C is one sum in an order that k alone decides (kernels/panel.hpp). So the result
// depends neither on the kernel nor on the tiling nor on the threads. Families that round give
// other sums, and are chosen wherever they may be.
#include "cpu/product.hpp"

#include <algorithm>

#include "core/checked.hpp"
#include "cpu/product_plan.hpp"

namespace boltzkit::cpu {
namespace {

constexpr std::size_t leastGroup = 64;
// A thread with so many panels makes lists of its own.
constexpr std::size_t panelsPerList = 3;

// Calls body(plan, its first row, first column of a tile, first and last row of it, lists, thread)
// for all tiles. Consecutive tiles belong to the same panel, so that a thread keeps to its part of
// B.
// `draws`: units are drawn from the tiles.
template <class Body>
void forEachTile(Engine& engine, const Product& p, bool draws, Body body) {
  const std::size_t most = std::max(leastGroup, ProductPlan::mostPlaces / (p.depth + 1) / listedRows * listedRows);
  const std::size_t panels = blocksOf(p.columns, panelColumns), threads = engine.threads();
  const auto listing = panels >= panelsPerList * threads ? ProductPlan::Lists::perThread : ProductPlan::Lists::shared;
  Workspace& w = engine.workspace();
  for (std::size_t first = 0; first < p.rows; first += most) {
    const std::size_t rows = std::min(most, p.rows - first);
    const ProductPlan product(engine, p, w.nonZeros[0], first, rows, listing);
    const std::size_t grains = blocksOf(rows, byteTileRows), perPanel = std::min(grains, blocksOf(2 * threads, panels));
    const std::size_t groups = draws && product.draws() ? perPanel : std::max(blocksOf(rows, ProductPlan::tileRows), perPanel);
    if (w.threadNonZeros.size() < threads * groups) w.threadNonZeros.resize(threads * groups);
    engine.parallelFor(panels * groups, product.work(), [&](std::size_t tile, unsigned thread) {
      const std::size_t group = tile % groups;
      const std::size_t begin = grains * group / groups * byteTileRows, end = std::min(rows, grains * (group + 1) / groups * byteTileRows);
      ThreadNonZeros& lists = w.threadNonZeros[thread * groups + group];
      product.list(begin, end, lists);
      body(product, first, tile / groups * panelColumns, begin, end, lists, thread);
    });
  }
}

}  // namespace

void multiply(Engine& engine, const Product& p) {
  const std::size_t perThread = ProductPlan::scratchFloats(p.depth);
  float* scratch = engine.workspace().perThread.atLeast(engine.threads() * perThread);
  forEachTile(
      engine, p, false,
      [&](const ProductPlan& product, std::size_t, std::size_t column, std::size_t first, std::size_t last, const ThreadNonZeros& lists,
          unsigned thread) { product.tile(column, first, last, lists, scratch + thread * perThread); });
}

void multiply(Engine& engine, const Product& p, const std::function<BernoulliTile(const ProductTile&)>& units) {
  constexpr std::size_t tileFloats = ProductPlan::tileRows * panelColumns;
  const std::size_t perThread = ProductPlan::scratchFloats(p.depth) + tileFloats;
  float* scratch = engine.workspace().perThread.atLeast(engine.threads() * perThread);
  forEachTile(engine, p, true,
              [&](const ProductPlan& product, std::size_t start, std::size_t column, std::size_t first, std::size_t last,
                  const ThreadNonZeros& lists, unsigned thread) {
                float* const sums = scratch + thread * perThread;
                float* const own = sums + tileFloats;
                const BernoulliTile drawn =
                    units({start + first, last - first, column, std::min(panelColumns, p.columns - column), sums, panelColumns});
                if (product.draws()) return product.draw(column, first, last, own, drawn);
                product.tile(column, first, last, lists, own, sums);
                engine.kernels().bernoulliTile(drawn);
              });
}

}  // namespace boltzkit::cpu
