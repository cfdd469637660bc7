// Rounded rows as tiles (TileRowsToPack), and tiles of a matrix turned into those of its transpose.
// Four rows make a line of a tile: a word for each column, with a byte of each row.
#pragma once
#include "cpu/kernels/line_sums.hpp"
#include "cpu/kernels/rounding.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

typedef std::uint8_t B __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));

void packTileRows(const TileRowsToPack& rows) {
  TileRowsToPack r = rows;  // a copy that stores cannot reach
  const I lower = set1i(0x00ff00ff), upper = ~lower;
  for (std::size_t j = 0; j < r.columns; j += lineFloats, r.tiles += numberTileFloats)
#pragma GCC unroll 4
    for (std::size_t q = 0; q < 4; ++q)
#pragma GCC unroll 4
      for (int v = 0; v < lineVectors; ++v) {
        const float* const even = r.words + 2 * q * r.stride + j + v * lanes;
        const I x = (I)load(even), y = (I)load(even + r.stride);
        float* const to = r.tiles + q * lineFloats + v * lanes;
        store(to, (F)(((I)((W)x >> 8) & lower) | (y & upper)));
        store(to + byteTileFloats, (F)((x & lower) | ((y & lower) << 8)));
      }
}

// Transposes each 4 x 4 bytes, which are four words one after the other.
FORCE_INLINE I turnedWords(I x) {
#if defined(__clang__)
  B from = (B)x, to;
  for (int i = 0; i < 4 * lanes; ++i) to[i] = from[i / 16 * 16 + i % 4 * 4 + i % 16 / 4];
  return (I)to;
#else
  B place{};
  for (int i = 0; i < 4 * lanes; ++i) place[i] = static_cast<std::uint8_t>(i / 16 * 16 + i % 4 * 4 + i % 16 / 4);
  return (I)__builtin_shuffle((B)x, place);
#endif
}

// Transposes a matrix of four lines with four words in each place.
template <int vectors>
FORCE_INLINE void turnQuads(I (&line)[4][vectors]) {
  if constexpr (vectors == 4) {
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < i; ++j) {
        const I x = line[i][j];
        line[i][j] = line[j][i];
        line[j][i] = x;
      }
  } else {
    static_assert(vectors == 1);
    const F a = mixLow<4>((F)line[0][0], (F)line[1][0]), b = mixHigh<4>((F)line[0][0], (F)line[1][0]);
    const F c = mixLow<4>((F)line[2][0], (F)line[3][0]), d = mixHigh<4>((F)line[2][0], (F)line[3][0]);
    line[0][0] = (I)mixLow<8>(a, c), line[2][0] = (I)mixHigh<8>(a, c);
    line[1][0] = (I)mixLow<8>(b, d), line[3][0] = (I)mixHigh<8>(b, d);
  }
}

// Four lines, 16 rows and columns of bytes, to four lines of the transpose.
FORCE_INLINE void turnLines(const float* from, float* to) {
  I line[4][lineVectors];
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q)
#pragma GCC unroll 4
    for (int v = 0; v < lineVectors; ++v) line[q][v] = turnedWords((I)load(from + q * lineFloats + v * lanes));
  turnQuads<lineVectors>(line);
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q)
#pragma GCC unroll 4
    for (int v = 0; v < lineVectors; ++v) store(to + q * lineFloats + v * lanes, (F)line[q][v]);
}

// 16 rows of a matrix, as the tiles [columns / 64, stride] of 16 columns of its transpose. `lines`
// are the first rows' lines in the tile of the matrix' first 16 columns.
FORCE_INLINE void turnTiles(const float* lines, std::size_t columns, float* tiles, std::size_t stride) {
  for (std::size_t j = 0; j < columns; j += lineFloats, lines += numberTileFloats) {
    float* const to = tiles + j / byteTileDepth * stride + j % byteTileDepth / 4 * lineFloats;
    turnLines(lines, to);
    turnLines(lines + byteTileFloats, to + byteTileFloats);
  }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
