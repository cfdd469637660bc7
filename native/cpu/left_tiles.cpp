#include "cpu/left_tiles.hpp"

#include <algorithm>
#include <bit>

#include "core/checked.hpp"

namespace boltzkit::cpu {

LeftTiles::LeftTiles(const Product& product, std::size_t firstRow, std::size_t rows)
    : p_(product),
      first_(firstRow),
      rows_(rows),
      depth_(blocksOf(product.depth, byteTileDepth)),
      blocksOfRows_(blocksOf(rows, byteTileRows)),
      bits_(product.left ? product.left->bits() : nullptr) {}

TileFacts LeftTiles::make(const ProductFamily& family, std::size_t task, std::uint8_t* allTiles, std::uint8_t* allUsed) const {
  const TileKernels& kernels = *family.tiles;
  const std::size_t row = first_ + task * byteTileRows, rows = std::min(byteTileRows, rows_ - task * byteTileRows);
  std::uint8_t *const tiles = allTiles + task * depth_ * byteTileBytes, *const used = allUsed + task * depth_;
  const float scale = scaleOf(family.takes);
  if (!bits_) {
    if (p_.aTransposed) return kernels.columns(p_.a + row, p_.aStride, p_.depth, scale, tiles, used);
    return kernels.rows(p_.a + row * p_.aStride, p_.aStride, rows, p_.depth, scale, tiles, used);
  }
  const std::size_t stride = p_.left->bitsStride();
  if (p_.aTransposed)
    kernels.bitColumns(bits_ + row / 64 * stride, row % 64, p_.depth, tiles, used);
  else
    kernels.bitRows(bits_ + row, stride, rows, p_.depth, tiles, used);
  return {{0, true, 1}, false};
}

std::size_t LeftTiles::ones() const {
  constexpr std::size_t sample = 32;
  const std::size_t rows = p_.left->rows(), some = std::min(rows, sample), words = blocksOf(p_.left->cols(), 64);
  std::size_t count = 0;
  for (std::size_t q = 0; q < words; ++q)
    for (std::size_t r = 0; r < some; ++r) count += static_cast<std::size_t>(std::popcount(bits_[q * p_.left->bitsStride() + r]));
  return count * rows / std::max(some, std::size_t{1});
}

}  // namespace boltzkit::cpu
