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

// One or two tiles of sums, to be written as rows of fields.
class FieldsFromSums {
 public:
  struct Tile {
    const std::int32_t* sums = nullptr;  // of upper bytes; those of lower bytes follow
    float* fields = nullptr;             // [rows, panelColumns]
    std::size_t rows = 0;
  };

  FORCE_INLINE FieldsFromSums(float alpha, bool narrow) : alpha_(alpha), narrow_(narrow) {}

  FORCE_INLINE void begin(const Tile& first, const Tile& second) { now_ = first, next_ = second; }
  FORCE_INLINE void writeRow() {
    if (now_.rows == 0) return;
    for (int v = 0; v < lineVectors; ++v)
      store(now_.fields + v * lanes, set1(alpha_) * numbersOf(now_.sums + v * lanes, now_.sums + sumsInTile + v * lanes, narrow_));
    now_.sums += lineFloats, now_.fields += panelColumns;
    if (--now_.rows == 0) now_ = next_, next_.rows = 0;
  }
  FORCE_INLINE void writeAll() {
    while (now_.rows > 0) writeRow();
  }

 private:
  const float alpha_;
  const bool narrow_;
  Tile now_, next_;
};

template <bool negative, bool mean, bool sample>
class DrawnPanel {
 public:
  FORCE_INLINE explicit DrawnPanel(const PanelBlock& p)
      : p_(p),
        steps_(p.columns / lineFloats * p.depth),
        b_(p.b),
        ldb_(p.ldb),
        writing_(p.alpha, p.narrow),
        keys_(philoxKeys(p.drawn->key)),
        draws_(*p.drawn, keys_, 0) {
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
      writing_.writeAll();
      drawAll();
      next_ = row - p_.firstRow, last_ = (p_.lastRow - row < pairRows ? p_.lastRow : row + pairRows) - p_.firstRow;
      count_ = last_ - next_, due_ = 0;
    }
    drawAll();
  }

 private:
  FORCE_INLINE float* fieldsOf(std::size_t row) { return fields_[row / pairRows % 2] + row % pairRows * panelColumns; }

  FORCE_INLINE void computeRows(std::size_t row) {
    std::size_t column = 0;
    if (p_.lastRow - row > byteTileRows)
      for (; column < p_.columns; column += lineFloats) addTiles<2, 1>(row, column);
    for (; column + 2 * lineFloats <= p_.columns; column += 2 * lineFloats) addTiles<1, 2>(row, column);
    if (column < p_.columns) addTiles<1, 1>(row, column);
  }

  // The rows before these are drawn evenly over the steps of these.
  FORCE_INLINE void beginStep() {
    due_ += count_;
    drawing_ = due_ >= steps_ && next_ < last_;
    if (drawing_) due_ -= steps_;
  }
  template <std::size_t part>
  FORCE_INLINE void draw() {
    if (!drawing_) return;
    draws_.template partOf<part>(next_, fieldsOf(next_));
    if (part + 1 == draws_.parts) ++next_;
  }
  FORCE_INLINE void drawAll() {
    for (drawing_ = true; next_ < last_;) draw<0>(), draw<1>(), draw<2>(), draw<3>();
  }
  template <std::size_t part>
  FORCE_INLINE void other() {
    writing_.writeRow();
    draw<part>();
  }

  // Adds up the sums of 2 x 1 or 1 x 2 tiles, or of one.
  template <int rowTiles, int columnTiles>
  FORCE_INLINE void addTiles(std::size_t row, std::size_t column) {
    const std::size_t depth = p_.depth, aRows = depth * byteTileBytes, ldb = ldb_;
    const std::uint8_t *a = p_.bytes + row / byteTileRows * aRows, *used = p_.used + row / byteTileRows * depth;
    const float* b = b_ + column / lineFloats * numberTileFloats;
    unit_.template zero<0>(), unit_.template zero<1>(), unit_.template zero<2>(), unit_.template zero<3>();
    for (std::size_t k = 0; k < depth; ++k, a += byteTileBytes, b += ldb) {
      if (!(used[k] | (rowTiles == 2 ? used[k + depth] : 0))) continue;
      beginStep();
      unit_.template load<4>(a);
      unit_.template loadOnce<5>(b);
      unit_.template loadOnce<6>(b + byteTileFloats);
      other<0>();
      unit_.template multiply<0, 4, 5, negative, true>();
      unit_.template multiply<1, 4, 6, negative, false>();
      other<1>();
      if constexpr (rowTiles == 2) {
        unit_.template load<7>(a + aRows);
        other<2>();
        unit_.template multiply<2, 7, 5, negative, true>();
        unit_.template multiply<3, 7, 6, negative, false>();
      } else if constexpr (columnTiles == 2) {
        unit_.template loadOnce<5>(b + numberTileFloats);
        unit_.template loadOnce<7>(b + numberTileFloats + byteTileFloats);
        other<2>();
        unit_.template multiply<2, 4, 5, negative, true>();
        unit_.template multiply<3, 4, 7, negative, false>();
      } else {
        other<2>();
      }
      other<3>();
    }
    writing_.writeAll();
    std::int32_t* const sums = sums_[blocks_++ % 2];
    unit_.template store<0>(sums);
    unit_.template store<1>(sums + sumsInTile);
    float* const fields = fieldsOf(row - p_.firstRow) + column;
    typename FieldsFromSums::Tile second;
    if constexpr (rowTiles * columnTiles > 1) {
      unit_.template store<2>(sums + 2 * sumsInTile);
      unit_.template store<3>(sums + 3 * sumsInTile);
      second = {sums + 2 * sumsInTile, fields + (rowTiles == 2 ? byteTileRows * panelColumns : lineFloats), byteTileRows};
    }
    writing_.begin({sums, fields, byteTileRows}, second);
  }

  const PanelBlock& p_;
  const std::size_t steps_;  // of a pair of tiles of rows
  const float* b_;
  std::size_t ldb_;
  FieldsFromSums writing_;
  const PhiloxKeys keys_;
  PanelDraws<mean, sample> draws_;
  TileUnit unit_;
  // Rows to be drawn, counted from firstRow; `count_` in all.
  std::size_t next_ = 0, last_ = 0, count_ = 0, due_ = 0;
  bool drawing_ = false;
  std::size_t blocks_ = 0;
  alignas(64) float fields_[2][pairRows * panelColumns];
  alignas(64) std::int32_t sums_[2][4 * sumsInTile];
};

template <bool negative>
FORCE_INLINE void drawPanel(const PanelBlock& p) {
  if (!p.drawn->sample) return DrawnPanel<negative, true, false>(p).run();
  if (p.drawn->mean) return DrawnPanel<negative, true, true>(p).run();
  DrawnPanel<negative, false, true>(p).run();
}

void drawnTiles(const PanelBlock& p) { p.negative ? drawPanel<true>(p) : drawPanel<false>(p); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
