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

constexpr std::size_t sumsInTile = byteTileRows * lineFloats;

// Numbers from the sums of their upper and lower bytes. Narrow: together they fit into 32 bits.
FORCE_INLINE F numbersOf(const std::int32_t* upper, const std::int32_t* lower, bool narrow) {
  const I high = (I)load(reinterpret_cast<const float*>(upper)), low = (I)load(reinterpret_cast<const float*>(lower));
  return narrow ? __builtin_convertvector((high << 8) + low, F) : wholeSum<8>(high, low);
}

// One or two tiles of C whose sums are known: for each a tile of sums of upper bytes, and one of
// lower bytes. Where there is time, rows are written while the tile unit works on the next sums.
struct Ending {
  const std::int32_t* sums = nullptr;
  std::size_t row[2]{}, column[2]{}, next = 0, rows = 0;

  // Writes up to `count` rows of one tile.
  FORCE_INLINE void write(const PanelBlock& p, std::size_t count) {
    const std::size_t tile = next / byteTileRows, first = next % byteTileRows, at = row[tile] + first;
    const std::size_t real = at < p.lastRow ? p.lastRow - at : 0, end = count < real ? count : real;
    next += count;
    const std::int32_t* from = sums + 2 * tile * sumsInTile + first * lineFloats;
    for (std::size_t r = at; r < at + end; ++r, from += lineFloats) {
      for (const float* soon : p.upcoming.first)
        if (soon) __builtin_prefetch(soon + (r - p.firstRow) * p.upcoming.stride + column[tile], 0, 2);
      F total[lineVectors];
      for (int v = 0; v < lineVectors; ++v) total[v] = numbersOf(from + v * lanes, from + sumsInTile + v * lanes, p.narrow);
      writeSums<lineVectors>(p, r, column[tile], total);
    }
  }
  FORCE_INLINE void writeSome(const PanelBlock& p) {
    if (next < rows) write(p, 4);
  }
  FORCE_INLINE void writeAll(const PanelBlock& p) {
    while (next < rows) write(p, byteTileRows - next % byteTileRows);
  }
};
// With fewer tiles of depth, writing takes longer than the tile unit.
constexpr std::size_t depthToWriteIn = 5;

// Tiles of B: those of the next 64 places are so many floats further.
struct RightTiles {
  const float* first;
  std::size_t stride;
};

// Adds up the sums of 2 x 1 or 1 x 2 tiles, or of one, and writes the previous ones meanwhile.
template <bool negative, int rowTiles, int columnTiles>
FORCE_INLINE void addTiles(TileUnit& unit, const PanelBlock& p, std::size_t row, std::size_t column, RightTiles right, std::int32_t* sums,
                           Ending& previous) {
  const std::size_t depth = p.depth, aRows = depth * byteTileBytes;
  const std::uint8_t *a = p.bytes + row / byteTileRows * aRows, *used = p.used + row / byteTileRows * depth;
  const float* b = right.first;
  unit.template zero<0>(), unit.template zero<1>(), unit.template zero<2>(), unit.template zero<3>();
  for (std::size_t k = 0; k < depth; ++k, a += byteTileBytes, b += right.stride) {
    if (!(used[k] | (rowTiles == 2 ? used[k + depth] : 0))) continue;
    unit.template loadOnce<4>(a);
    unit.template load<5>(b);
    unit.template load<6>(b + byteTileFloats);
    unit.template multiply<0, 4, 5, negative, true>();
    unit.template multiply<1, 4, 6, negative, false>();
    if constexpr (rowTiles == 2) {
      unit.template loadOnce<7>(a + aRows);
      unit.template multiply<2, 7, 5, negative, true>();
      unit.template multiply<3, 7, 6, negative, false>();
    } else if constexpr (columnTiles == 2) {
      unit.template load<5>(b + numberTileFloats);
      unit.template load<7>(b + numberTileFloats + byteTileFloats);
      unit.template multiply<2, 4, 5, negative, true>();
      unit.template multiply<3, 4, 7, negative, false>();
    }
    if (depth >= depthToWriteIn) previous.writeSome(p);
  }
  previous.writeAll(p);
  unit.template store<0>(sums);
  unit.template store<1>(sums + sumsInTile);
  previous = {.sums = sums, .row = {row}, .column = {column}, .next = 0, .rows = byteTileRows * rowTiles * columnTiles};
  if constexpr (rowTiles * columnTiles == 1) {
    if (depth < depthToWriteIn) previous.writeAll(p);
    return;
  }
  unit.template store<2>(sums + 2 * sumsInTile);
  unit.template store<3>(sums + 3 * sumsInTile);
  previous.row[1] = rowTiles == 2 ? row + byteTileRows : row;
  previous.column[1] = rowTiles == 2 ? column : column + lineFloats;
  if (depth < depthToWriteIn) previous.writeAll(p);
}

template <bool negative>
FORCE_INLINE void tilesOf(const PanelBlock& p) {
  TileUnit unit;
  alignas(64) std::int32_t buffers[2][4 * sumsInTile];
  std::size_t blocks = 0;
  const auto sums = [&] { return buffers[blocks++ % 2]; };
  Ending ending;
  const std::size_t pairs = (p.lastRow - p.firstRow + byteTileRows - 1) / (2 * byteTileRows), last = p.firstRow + 2 * byteTileRows * pairs;
  for (std::size_t column = 0; column < p.columns; column += lineFloats) {
    if (p.turn) turnTiles(p.b + column / 4 * lineFloats, p.places, p.turned, numberTileFloats);
    const RightTiles right =
        p.turn ? RightTiles{p.turned, numberTileFloats} : RightTiles{p.b + column / lineFloats * numberTileFloats, p.ldb};
    for (std::size_t row = p.firstRow; row < last; row += 2 * byteTileRows)
      addTiles<negative, 2, 1>(unit, p, row, column, right, sums(), ending);
    if (last >= p.lastRow) continue;
    // The last 16 rows: two tiles of columns at a time where they lie side by side.
    if (p.turn || (column % (2 * lineFloats) == 0 && column + lineFloats == p.columns))
      addTiles<negative, 1, 1>(unit, p, last, column, right, sums(), ending);
    else if (column % (2 * lineFloats) == 0)
      addTiles<negative, 1, 2>(unit, p, last, column, right, sums(), ending);
  }
  ending.writeAll(p);
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
