// Makes tiles of bytes of the left factor of a product (kernels/tiles.hpp), from the rows or
// columns of a matrix, or from bits.
#pragma once
#include "cpu/engine.hpp"
#include "cpu/product_terms.hpp"

namespace boltzkit::cpu {

class LeftTiles {
 public:
  // Takes `rows` rows from firstRow on, which is a multiple of byteTileRows.
  LeftTiles(const Product& product, std::size_t firstRow, std::size_t rows);

  std::size_t tiles() const { return blocksOfRows_ * depth_; }
  std::size_t tasks() const { return blocksOfRows_; }
  std::size_t depth() const { return depth_; }  // in tiles
  // The tiles of byteTileRows rows, and which of them are used; different threads may make those of
  // different tasks.
  TileFacts make(const ProductFamily& family, std::size_t task, std::uint8_t* allTiles, std::uint8_t* allUsed) const;
  // The number of places that are 1, estimated from some of the rows. Only for bits.
  std::size_t ones() const;
  bool fromBits() const { return bits_; }

 private:
  const Product& p_;
  const std::size_t first_, rows_, depth_, blocksOfRows_;
  const std::uint64_t* const bits_;  // null: the factor is read from floats
};

}  // namespace boltzkit::cpu
