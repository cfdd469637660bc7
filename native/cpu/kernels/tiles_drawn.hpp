// Fields by matrix tiles, and the units drawn from them meanwhile, for many rows. The tile unit and
// the vector units work side by side, and fields never leave the first-level cache.
//
// The processor looks ahead by some hundred instructions only. So other work stands in small parts
// between the tile instructions: rows of fields are written, and units of finished rows drawn.
#pragma once
#include "cpu/kernels/bernoulli.hpp"
#include "cpu/kernels/tiles.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Rows of fields that are computed together: two tiles.
constexpr std::size_t pairRows = 2 * byteTileRows;

// The fields of one row of a panel, as sums of upper and lower bytes in tiles of 16 columns.
struct FieldsInTiles {
  const std::int32_t* sums;  // [columns / 16, 2 tiles of rows, upper and lower, byteTileRows, 16]
  float alpha;

  FORCE_INLINE F at(std::size_t place) const {
    const std::int32_t* const upper = sums + place / lineFloats * (4 * sumsInTile) + place % lineFloats;
    return set1(alpha) * numbersOf(upper, upper + sumsInTile, true);
  }
};

template <bool negative, class Draws>
class DrawnPanel {
 public:
  FORCE_INLINE explicit DrawnPanel(const PanelBlock& p)
      : p_(p), b_(p.b), ldb_(p.ldb), keys_(philoxKeys(p.drawn->key)), draws_(*p.drawn, keys_, 0) {
    if (p.turn) {
      for (std::size_t column = 0; column < p.columns; column += lineFloats)
        turnTiles(p.b + column / 4 * lineFloats, p.places, p.turned + column / lineFloats * numberTileFloats, panelTileFloats);
      b_ = p.turned, ldb_ = panelTileFloats;
    }
    draws_.begin();
  }

  FORCE_INLINE void run() {
    for (std::size_t row = p_.firstRow; row < p_.lastRow; row += pairRows) {
      computeRows(row);
      drawAll();
      next_ = row - p_.firstRow, last_ = (p_.lastRow - row < pairRows ? p_.lastRow : row + pairRows) - p_.firstRow;
      count_ = last_ - next_, due_ = 0;
    }
    drawAll();
  }

 private:
  FORCE_INLINE std::int32_t* sumsOf(std::size_t row, std::size_t column) {
    return sums_[row / pairRows % 2] + column / lineFloats * (4 * sumsInTile);
  }
  FORCE_INLINE FieldsInTiles fieldsOf(std::size_t row) {
    return {sumsOf(row, 0) + row / byteTileRows % 2 * (2 * sumsInTile) + row % byteTileRows * lineFloats, p_.alpha};
  }

  FORCE_INLINE void computeRows(std::size_t row) {
    const std::uint8_t* const used = p_.used + row / byteTileRows * p_.depth;
    const bool two = p_.lastRow - row > byteTileRows;
    steps_ = 0;
    for (std::size_t k = 0; k < p_.depth; ++k) steps_ += used[k] | (two ? used[k + p_.depth] : 0);
    steps_ *= p_.columns / lineFloats;
    for (std::size_t column = 0; column < p_.columns; column += lineFloats) two ? addTiles<2>(row, column) : addTiles<1>(row, column);
  }

  template <std::size_t part>
  FORCE_INLINE void draw() {
    draws_.template partOf<part>(next_, fieldsOf(next_));
  }
  FORCE_INLINE void drawAll() {
    for (; next_ < last_; ++next_) draw<0>(), draw<1>(), draw<2>(), draw<3>();
  }

  // Adds up the sums of one or two tiles of rows. The rows before these are drawn evenly over the
  // steps of these.
  template <int rowTiles>
  FORCE_INLINE void addTiles(std::size_t row, std::size_t column) {
    const std::size_t depth = p_.depth;
    const std::uint8_t *a = p_.bytes + row / byteTileRows * depth * byteTileBytes, *used = p_.used + row / byteTileRows * depth;
    const float* b = b_ + column / lineFloats * numberTileFloats;
    unit_.template zero<0>(), unit_.template zero<1>(), unit_.template zero<2>(), unit_.template zero<3>();
    for (std::size_t k = 0; k < depth; ++k, a += byteTileBytes, b += ldb_) {
      if (!(used[k] | (rowTiles == 2 ? used[k + depth] : 0))) continue;
      due_ += count_;
      if (due_ >= steps_ && next_ < last_) {
        due_ -= steps_;
        step<rowTiles, true>(a, b);
        ++next_;
      } else {
        step<rowTiles, false>(a, b);
      }
    }
    std::int32_t* const sums = sumsOf(row - p_.firstRow, column);
    unit_.template store<0>(sums);
    unit_.template store<1>(sums + sumsInTile);
    if constexpr (rowTiles == 2) {
      unit_.template store<2>(sums + 2 * sumsInTile);
      unit_.template store<3>(sums + 3 * sumsInTile);
    }
  }

  template <int rowTiles, bool drawing>
  FORCE_INLINE void step(const std::uint8_t* a, const float* b) {
    unit_.template load<4>(a);
    unit_.template loadOnce<5>(b);
    unit_.template loadOnce<6>(b + byteTileFloats);
    if constexpr (drawing) draw<0>();
    unit_.template multiply<0, 4, 5, negative, true>();
    unit_.template multiply<1, 4, 6, negative, false>();
    if constexpr (drawing) draw<1>();
    if constexpr (rowTiles == 2) {
      unit_.template load<7>(a + p_.depth * byteTileBytes);
      if constexpr (drawing) draw<2>();
      unit_.template multiply<2, 7, 5, negative, true>();
      unit_.template multiply<3, 7, 6, negative, false>();
    } else if constexpr (drawing) {
      draw<2>();
    }
    if constexpr (drawing) draw<3>();
  }

  const PanelBlock& p_;
  const float* b_;
  std::size_t ldb_;
  const PhiloxKeys keys_;
  Draws draws_;
  TileUnit unit_;
  // Rows to be drawn, counted from firstRow; `count_` in all, while tiles take `steps_`.
  std::size_t next_ = 0, last_ = 0, count_ = 0, due_ = 0, steps_ = 0;
  alignas(64) std::int32_t sums_[2][panelColumns / lineFloats * 4 * sumsInTile];
};

template <bool negative>
FORCE_INLINE void drawPanel(const PanelBlock& p) {
  if (!p.drawn->sample) return DrawnPanel<negative, PanelDraws<true, false>>(p).run();
  if (p.drawn->mean) return DrawnPanel<negative, PanelDraws<true, true>>(p).run();
  DrawnPanel<negative, SampledPanel>(p).run();
}

void drawnTiles(const PanelBlock& p) { p.negative ? drawPanel<true>(p) : drawPanel<false>(p); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
