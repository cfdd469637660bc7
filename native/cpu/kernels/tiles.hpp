// Products of small whole numbers by matrix tiles. A holds bytes, B numbers of up to 16 bits as two
// bytes each. One instruction multiplies a tile of A by a tile of B, zeros or not. So tiles are
// faster than lists (kernels/short_sums.hpp, kernels/pairs.hpp) unless A is very sparse.
//
// Both bytes of B have sums of their own. They are whole numbers, exact over the whole depth, and a
// result is rounded once. So it has the same bits as one from lists of the same rounded weights.
#pragma once
#include "cpu/kernels/pairs.hpp"
#include "cpu/kernels/panel.hpp"
#include "cpu/kernels/tile_packing.hpp"
#include "cpu/kernels/transpose.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

static_assert(mostByteTiles * byteTileDepth * 255 * 255 < 0x1p31);

// Rows of A and columns of B whose sums are in tiles at the same time: 2 x 1 or 1 x 2.
constexpr std::size_t sumsInTile = byteTileRows * lineFloats;

template <bool negative, int rowTiles, int columnTiles>
FORCE_INLINE void addTiles(TileUnit& unit, const PanelBlock& p, std::size_t row, const float* b, std::size_t ldb, std::int32_t* sums) {
  const std::size_t aRows = p.depth * byteTileBytes;
  const std::uint8_t *a = p.bytes + row / byteTileRows * aRows, *used = p.used + row / byteTileRows * p.depth;
  unit.template zero<0>(), unit.template zero<1>(), unit.template zero<2>(), unit.template zero<3>();
  for (std::size_t k = 0; k < p.depth; ++k, a += byteTileBytes, b += ldb) {
    if (!(used[k] | (rowTiles == 2 ? used[k + p.depth] : 0))) continue;
    unit.template load<4>(a);
    unit.template load<5>(b);
    unit.template load<6>(b + byteTileFloats);
    unit.template multiply<0, 4, 5, negative, true>();
    unit.template multiply<1, 4, 6, negative, false>();
    if constexpr (rowTiles == 2) {
      unit.template load<7>(a + aRows);
      unit.template multiply<2, 7, 5, negative, true>();
      unit.template multiply<3, 7, 6, negative, false>();
    } else if constexpr (columnTiles == 2) {
      unit.template load<5>(b + numberTileFloats);
      unit.template load<7>(b + numberTileFloats + byteTileFloats);
      unit.template multiply<2, 4, 5, negative, true>();
      unit.template multiply<3, 4, 7, negative, false>();
    }
  }
  unit.template store<0>(sums);
  unit.template store<1>(sums + sumsInTile);
  if constexpr (rowTiles == 2 || columnTiles == 2) {
    unit.template store<2>(sums + 2 * sumsInTile);
    unit.template store<3>(sums + 3 * sumsInTile);
  }
}

// Writes the rows of a tile of sums of high bytes, which a tile of sums of low bytes follows.
FORCE_INLINE void endTile(const PanelBlock& p, std::size_t row, std::size_t column, const std::int32_t* sums) {
  for (std::size_t r = row; r < row + byteTileRows && r < p.lastRow; ++r, sums += lineFloats) {
    for (const float* next : p.upcoming.first)
      if (next) __builtin_prefetch(next + (r - p.firstRow) * p.upcoming.stride + column, 0, 2);
    F total[lineVectors];
    for (int v = 0; v < lineVectors; ++v) {
      const auto at = [&](std::size_t tile) { return (I)load(reinterpret_cast<const float*>(sums + tile * sumsInTile + v * lanes)); };
      total[v] = p.narrow ? __builtin_convertvector((at(0) << 8) + at(1), F) : wholeSum<8>(at(0), at(1));
    }
    writeSums<lineVectors>(p, r, column, total);
  }
}

template <bool negative>
FORCE_INLINE void tilesOf(const PanelBlock& p) {
  TileUnit unit;
  alignas(64) std::int32_t sums[4 * sumsInTile];
  const std::size_t pairs = (p.lastRow - p.firstRow + byteTileRows - 1) / (2 * byteTileRows), last = p.firstRow + 2 * byteTileRows * pairs;
  const auto tilesAt = [&](std::size_t column) { return p.b + column / lineFloats * numberTileFloats; };
  for (std::size_t column = 0; column < p.columns; column += lineFloats) {
    if (p.turn) turnTiles(p.b + column / 4 * lineFloats, p.places, p.turned);
    const float* const b = p.turn ? p.turned : tilesAt(column);
    const std::size_t ldb = p.turn ? numberTileFloats : p.ldb;
    for (std::size_t row = p.firstRow; row < last; row += 2 * byteTileRows) {
      addTiles<negative, 2, 1>(unit, p, row, b, ldb, sums);
      endTile(p, row, column, sums);
      endTile(p, row + byteTileRows, column, sums + 2 * sumsInTile);
    }
    if (last >= p.lastRow) continue;
    // The last 16 rows: two tiles of columns at a time where they lie side by side.
    if (p.turn || (column % (2 * lineFloats) == 0 && column + lineFloats == p.columns)) {
      addTiles<negative, 1, 1>(unit, p, last, b, ldb, sums);
      endTile(p, last, column, sums);
    } else if (column % (2 * lineFloats) == 0) {
      addTiles<negative, 1, 2>(unit, p, last, b, ldb, sums);
      endTile(p, last, column, sums);
      endTile(p, last, column + lineFloats, sums + 2 * sumsInTile);
    }
  }
}

void byteTiles(const PanelBlock& p) { p.negative ? tilesOf<true>(p) : tilesOf<false>(p); }

// The bytes of four whole numbers (wholeShift was added) as a word; the first is in the lowest one.
FORCE_INLINE F byteWords(F a, F b, F c, F d) {
  const I low = set1i(0xff);
  return (F)(((I)a & low) | ((I)b & low) << 8 | ((I)c & low) << 16 | (I)d << 24);
}

struct TileValues {
  explicit TileValues(float scale) : whole(scale) {}

  FORCE_INLINE F shifted(F x) {
    const I other = x != F{};
    nonZero -= other;
    any |= other;
    least = minOf(least, x);
    return whole.shifted(x);
  }
  // Whether there were other values than 0 since the last call.
  FORCE_INLINE bool used() {
    const bool some = nonZeroBits(__builtin_convertvector(any, F)) != 0;
    any = I{};
    return some;
  }
  TileFacts facts() const {
    std::size_t count = 0;
    for (int i = 0; i < lanes; ++i) count += static_cast<std::size_t>(nonZero[i]);
    return {{count, whole.good(), whole.largest()}, nonZeroBits(least) != 0};
  }

  Wholeness whole;
  I nonZero{}, any{};
  F least{};
};

// A row of 64 places is 4 lines of 16 floats, and a line of 64 bytes.
TileFacts tilesOfRows(const float* a, std::size_t lda, std::size_t rows, std::size_t depth, float scale, std::uint8_t* tiles,
                      std::uint8_t* used) {
  const std::size_t padded = (depth + lineFloats - 1) / lineFloats * lineFloats;
  typedef std::int8_t Bytes __attribute__((vector_size(BOLTZKIT_LANES)));
  TileValues values(scale);
  for (std::size_t k = 0; k < depth; k += byteTileDepth, tiles += byteTileBytes) {
    const std::size_t end = padded - k < byteTileDepth ? padded - k : byteTileDepth;
    for (std::size_t r = 0; r < byteTileRows; ++r) {
      std::uint8_t* const row = tiles + r * byteTileDepth;
      for (std::size_t j = 0; j < byteTileDepth; j += lanes) {
        Bytes bytes{};
        if (r < rows && j < end) bytes = __builtin_convertvector((I)values.shifted(load(a + r * lda + k + j)) & set1i(0xff), Bytes);
        __builtin_memcpy(row + j, &bytes, sizeof bytes);
      }
    }
    *used++ = values.used();
  }
  return values.facts();
}

// Rows k ... k + 3 make 16 words, which are the k / 4-th words of 16 rows of a tile.
TileFacts tilesOfColumns(const float* a, std::size_t lda, std::size_t depth, float scale, std::uint8_t* tiles, std::uint8_t* used) {
  alignas(64) float words[byteTileFloats];
  TileValues values(scale);
  for (std::size_t k = 0; k < depth; k += byteTileDepth, tiles += byteTileBytes) {
    const std::size_t end = depth - k < byteTileDepth ? depth - k : byteTileDepth;
    for (std::size_t q = 0; q < byteTileRows; ++q)
      for (int v = 0; v < lineVectors; ++v) {
        F x[4];
        for (std::size_t i = 0; i < 4; ++i)
          x[i] = 4 * q + i < end ? values.shifted(load(a + (k + 4 * q + i) * lda + v * lanes)) : set1(wholeShift);
        store(words + q * lineFloats + v * lanes, byteWords(x[0], x[1], x[2], x[3]));
      }
    transpose(words, lineFloats, byteTileRows, lineFloats, nullptr, reinterpret_cast<float*>(tiles), lineFloats);
    *used++ = values.used();
  }
  return values.facts();
}

void tilesOfBitRows(const std::uint64_t* words, std::size_t stride, std::size_t rows, std::size_t depth, std::uint8_t* tiles,
                    std::uint8_t* used) {
  for (std::size_t k = 0; k < depth; k += byteTileDepth, words += stride, tiles += byteTileBytes) {
    std::uint64_t any = 0;
    for (std::size_t r = 0; r < byteTileRows; ++r) {
      const std::uint64_t word = r < rows ? words[r] : 0;
      expandBits(word, tiles + r * byteTileDepth);
      any |= word;
    }
    *used++ = any != 0;
  }
}

void tilesOfBitColumns(const std::uint64_t* words, std::size_t firstBit, std::size_t depth, std::uint8_t* tiles, std::uint8_t* used) {
  alignas(64) float turned[byteTileFloats];
  for (std::size_t k = 0; k < depth; k += byteTileDepth, tiles += byteTileBytes) {
    const std::size_t end = depth - k < byteTileDepth ? depth - k : byteTileDepth;
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < end; ++i) any |= words[k + i] >> firstBit & 0xffff;
    *used++ = any != 0;
    for (std::size_t q = 0; q < byteTileRows; ++q)
      for (int v = 0; v < lineVectors; ++v) {
        I word{};
        for (std::size_t i = 0; i < 4 && 4 * q + i < end; ++i)
          word |= onesOfBits(static_cast<unsigned>(words[k + 4 * q + i] >> (firstBit + v * lanes)) & ((1u << lanes) - 1)) << (8 * i);
        store(turned + q * lineFloats + v * lanes, (F)word);
      }
    transpose(turned, lineFloats, byteTileRows, lineFloats, nullptr, reinterpret_cast<float*>(tiles), lineFloats);
  }
}

constexpr TileKernels tileKernels{tilesOfRows, tilesOfColumns, tilesOfBitRows, tilesOfBitColumns};

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
