// The families of an instruction set with matrix tiles: each family that rounds gets a twin that
// computes the same bits by tiles.
#pragma once
#include "cpu/kernels/families.hpp"
#include "cpu/kernels/tile_packing.hpp"
#include "cpu/kernels/tiles.hpp"
#include "cpu/kernels/tiles_drawn.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

constexpr ProductFamily tileFamily(const char* name, LeftValues takes, Packing packing, float cost) {
  return {.name = name,
          .takes = takes,
          .packing = packing,
          .tiles = &tileKernels,
          .kernel = byteTiles,
          .drawing = drawnTiles,
          .cost = cost,
          .mostDepth = mostByteTiles * byteTileDepth};
}

// `cost`: time of a tile of A and 16 columns of B, in the unit of ProductCosts.
constexpr std::array<ProductFamily, 5> tileFamilies(float cost) {
  return {tileFamily("tiles of bits", LeftValues::bits, Packing::shortTiles, cost),
          tileFamily("short tiles of whole numbers", LeftValues::wholes, Packing::shortTiles, cost),
          tileFamily("tiles of whole numbers", LeftValues::wholes, Packing::pairTiles, cost),
          tileFamily("short tiles of grey levels", LeftValues::greys, Packing::shortTiles, cost),
          tileFamily("tiles of grey levels", LeftValues::greys, Packing::pairTiles, cost)};
}

// Of the same numbers.
constexpr bool twins(const ProductFamily& lists, const ProductFamily& tiles) {
  const bool shorts = lists.packing != Packing::pairs;
  return lists.rounds() && lists.takes == tiles.takes && shorts == (tiles.packing == Packing::shortTiles);
}

template <std::size_t n, std::size_t m>
constexpr std::array<ProductFamily, n> withTiles(std::array<ProductFamily, n> families, const std::array<ProductFamily, m>& tiles) {
  for (ProductFamily& family : families)
    for (const ProductFamily& twin : tiles)
      if (twins(family, twin)) family.byTiles = &twin;
  return families;
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
