// The product families that every instruction set has.
#pragma once
#include <array>

#include "cpu/kernels/active_set.hpp"
#include "cpu/kernels/bit_lists.hpp"
#include "cpu/kernels/column_lists.hpp"
#include "cpu/kernels/dense.hpp"
#include "cpu/kernels/pairs.hpp"
#include "cpu/kernels/short_sums.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Time of one row of A, all in the same unit. `real` and `binary` are per active place k, `dense`
// is per place k.
struct ProductCosts {
  float real, binary, dense;
};

// Fewer rows than these do not fill the dense kernel's registers, and take as long.
constexpr std::size_t leastDenseRows = 6;

constexpr ListKernels placeLists{listRow, listColumns, listBitRow, listBitColumns}, pairLists{listPairs, listColumnPairs};

static_assert(shortsBlock <= largestBlock && pairsBlock <= largestBlock && depthBlock <= largestBlock && longSumBlock <= depthBlock);

constexpr std::array<ProductFamily, 8> productFamilies(ProductCosts costs) {
  const ProductFamily wholes{.name = "pairs of whole numbers",
                             .takes = LeftValues::wholes,
                             .packing = Packing::pairs,
                             .block = pairsBlock,
                             .longBlock = pairsBlock,
                             .lists = &pairLists,
                             .kernel = activeWords,
                             .cost = costs.binary,
                             .mostDepth = mostPairDepth};
  ProductFamily shortWholes = wholes, greys = wholes;
  shortWholes.name = "short pairs of whole numbers";
  shortWholes.packing = Packing::shortPairs;
  greys.name = "pairs of grey levels";
  greys.takes = LeftValues::greys;
  ProductFamily shortGreys = greys;
  shortGreys.name = "short pairs of grey levels";
  shortGreys.packing = Packing::shortPairs;
  const ProductFamily binary{.name = "active bits",
                             .takes = LeftValues::bits,
                             .packing = Packing::floats,
                             .block = depthBlock,
                             .longBlock = longSumBlock,
                             .lists = &placeLists,
                             .kernel = activeBinary,
                             .cost = costs.binary};
  ProductFamily real = binary;
  real.name = "active numbers";
  real.takes = LeftValues::any;
  real.kernel = activeReal;
  real.cost = costs.real;
  return {{{.name = "sums of shorts",
            .takes = LeftValues::bits,
            .packing = Packing::shorts,
            .block = shortsBlock,
            .longBlock = shortsBlock,
            .lists = &placeLists,
            .listMultiple = shortsTogether,
            .kernel = activeShorts,
            .cost = costs.binary / 2},
           shortWholes,
           wholes,
           shortGreys,
           greys,
           binary,
           real,
           {.name = "dense",
            .takes = LeftValues::any,
            .packing = Packing::floats,
            .block = depthBlock,
            .longBlock = longSumBlock,
            .lists = nullptr,
            .kernel = dense,
            .cost = costs.dense,
            .leastRows = leastDenseRows}}};
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
