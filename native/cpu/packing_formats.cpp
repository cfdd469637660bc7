#include "cpu/packing_formats.hpp"

#include <algorithm>

#include "core/checked.hpp"

namespace boltzkit::cpu {
namespace {

// Row r of the rows to pack; zeros behind the last one.
RoundedRow roundedRow(const RowsToPack& from, std::size_t r) {
  return {r < from.count ? from.values + r * from.stride : nullptr, from.first + r};
}

// The upright copy has words [pairs of rows, columns], the transposed one [pairs of columns, rows].
void packPairs(const RowsToPack& from, float scale, PackedCopy* upright, PackedCopy* transposed) {
  const Kernels& kernels = from.kernels;
  const std::size_t pairs = blocksOf(from.columns, 2), stride = rowStride(roundUp(pairs, lineFloats));
  for (std::size_t first = 0; first < from.count; first += lineFloats) {
    const std::size_t n = std::min(lineFloats, from.count - first);
    for (std::size_t r = 0; r < n; r += 2) {
      float* const own = from.scratch + r * stride;
      float* const words =
          upright ? upright->words.data() + (from.first + first + r) / 2 * upright->stride : from.scratch + lineFloats * stride;
      kernels.roundRows(roundedRow(from, first + r), roundedRow(from, first + r + 1), from.columns, scale, words);
      if (transposed) kernels.neighbourWords(words, from.columns, own, own + stride);
    }
    if (transposed)
      kernels.transpose(from.scratch, stride, n, pairs, nullptr, transposed->words.data() + from.first + first, transposed->stride);
  }
}

// The upright copy has words [rows, columns j and j + 16], the transposed one
// [columns, rows i and i + 16].
void packShorts(const RowsToPack& from, float scale, PackedCopy* upright, PackedCopy* transposed) {
  const Kernels& kernels = from.kernels;
  const auto uprightRow = [&](std::size_t r) { return upright->words.data() + (from.first + r) * upright->stride; };
  for (std::size_t first = 0; first < from.count; first += 2 * lineFloats) {
    const std::size_t n = std::min(lineFloats, from.count - first);
    for (std::size_t r = 0; r < n; ++r) {
      const std::size_t second = first + lineFloats + r;
      float* const words = from.scratch + r * from.stride;
      kernels.roundRows(roundedRow(from, first + r), roundedRow(from, second), from.columns, scale, words);
      if (upright) kernels.lineWords(words, from.columns, uprightRow(first + r), second < from.count ? uprightRow(second) : nullptr);
    }
    if (transposed)
      kernels.transpose(from.scratch, from.stride, n, from.columns, nullptr, transposed->words.data() + (from.first + first) / 2,
                        transposed->stride);
  }
}

// Words of rows r and r + 2; zeros where there are no such rows.
void roundTwo(const RowsToPack& from, std::size_t r, float scale, float* words) {
  if (r < from.count)
    from.kernels.roundRows(roundedRow(from, r), roundedRow(from, r + 2), from.columns, scale, words);
  else
    std::fill_n(words, roundUp(from.columns, lineFloats), 0.0f);
}

// Tiles of 64 rows and 16 columns. Products with the transpose turn them on the way.
void packTiles(const RowsToPack& from, float scale, PackedCopy* upright, PackedCopy*) {
  const std::size_t stride = rowStride(from.columns);
  for (std::size_t part = 0; part < from.count; part += byteTileRows) {
    for (std::size_t r = 0; r < byteTileRows; r += 4)
      for (std::size_t odd = 0; odd < 2; ++odd) roundTwo(from, part + r + odd, scale, from.scratch + (r / 2 + odd) * stride);
    const std::size_t first = from.first + part;
    float* const tiles = upright->words.data() + first / byteTileDepth * upright->stride;
    from.kernels.packTileRows(
        {.words = from.scratch, .stride = stride, .columns = from.columns, .tiles = tiles + first % byteTileDepth / 4 * lineFloats});
  }
}

// In the order of Packing.
constexpr PackingFormat formats[packings] = {
    {.rows = 1, .columns = lineFloats, .words = lineFloats},
    {.rows = 2, .columns = lineFloats, .words = lineFloats, .largest = largestPair, .pack = packPairs},
    {.rows = 2, .columns = lineFloats, .words = lineFloats, .largest = largestShort, .pack = packPairs},
    {.rows = 1, .columns = 2 * lineFloats, .words = lineFloats, .zeroRows = 1, .largest = largestShort, .pack = packShorts},
    {.rows = byteTileDepth, .columns = lineFloats, .words = numberTileFloats, .largest = largestPair, .pack = packTiles},
    {.rows = byteTileDepth, .columns = lineFloats, .words = numberTileFloats, .largest = largestShort, .pack = packTiles},
};

}  // namespace

const PackingFormat& formatOf(Packing packing) { return formats[static_cast<std::size_t>(packing)]; }

std::size_t packScratch(std::size_t columns) { return (lineFloats + 1) * rowStride(columns); }

std::size_t packedStride(Packing packing, std::size_t columns) {
  const PackingFormat& format = formatOf(packing);
  return rowStride(blocksOf(columns, format.columns) * format.words);
}

void pack(Packing packing, const RowsToPack& from, PackedCopy* upright, PackedCopy* transposed) {
  const PackedCopy* const any = upright ? upright : transposed;
  if (any) formatOf(packing).pack(from, 1 / any->unit, upright, transposed);
}

}  // namespace boltzkit::cpu
