// All kernel families of one instruction set. Included last by a kernel file, after its SIMD layer.
#pragma once
#include "cpu/kernels/bernoulli.hpp"
#include "cpu/kernels/dropout.hpp"
#include "cpu/kernels/elementwise.hpp"
#include "cpu/kernels/families.hpp"
#include "cpu/kernels/lateral.hpp"
#include "cpu/kernels/lateral_chain.hpp"
#include "cpu/kernels/optimiser.hpp"
#include "cpu/kernels/rounding.hpp"
#include "cpu/kernels/transpose.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

constexpr Kernels kernelTable(const char* isa, std::span<const ProductFamily> families,
                              void (*packTileRows)(const TileRowsToPack&) = nullptr) {
  return {.isa = isa,
          .families = families,
          .largestOf = largestOf,
          .roundRows = roundRows,
          .neighbourWords = neighbourWords,
          .lineWords = lineWords,
          .packTileRows = packTileRows,
          .transpose = transpose,
          .bernoulliTile = bernoulliTile,
          .softplusSum = softplusSum,
          .tileSums = tileSums,
          .twoStateTile = twoStateTile,
          .twoStateChain = twoStateChain,
          .dot = dot,
          .addRow = addRow,
          .addRows = addRows,
          .addSquares = addSquares,
          .multiplyRow = multiplyRow,
          .logisticSlope = logisticSlope,
          .tanhSlope = tanhSlope,
          .dropRow = dropRow,
          .axpby = axpby,
          .clampRow = clampRow,
          .sgd = sgd,
          .adam = adam,
          .philox = philox};
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
