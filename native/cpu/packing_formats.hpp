// What packings look like, and how rows of floats become rows of a packed copy. A new packing needs
// a name in packing.hpp, an entry of the table in packing_formats.cpp and a function that packs.
#pragma once
#include "cpu/kernels/kernels.hpp"
#include "cpu/tensor.hpp"

namespace boltzkit::cpu {

// Rows first ... first + count - 1 of a matrix. `first` is a multiple of packedRows. So is `count`,
// except for the last rows.
struct RowsToPack {
  const Kernels& kernels;
  const float* values;  // of the first of these rows
  std::size_t stride, columns, first, count;
  float* scratch;  // [packScratch(columns)]
};
inline constexpr std::size_t packedRows = 2 * lineFloats;
std::size_t packScratch(std::size_t columns);

// A row of a copy holds `rows` rows of the right factor, and `words` words (floats) for every
// `columns` columns.
struct PackingFormat {
  std::size_t rows, columns, words;
  std::size_t zeroRows = 0;  // rows of zeros behind the last one, for lists that are filled up
  float largest = 0;         // absolute value of a packed number
  // Packs values times `scale`, rounded, into one copy or both; null: not wanted.
  void (*pack)(const RowsToPack& from, float scale, PackedCopy* upright, PackedCopy* transposed) = nullptr;

  // Words of a row before `column`, a multiple of `columns`.
  std::size_t wordsBefore(std::size_t column) const { return column / columns * words; }
};
const PackingFormat& formatOf(Packing packing);

// Words from one row of a copy to the next.
std::size_t packedStride(Packing packing, std::size_t columns);
// Packs rows into the copies that are not null; both have the same unit.
void pack(Packing packing, const RowsToPack& from, PackedCopy* upright, PackedCopy* transposed);

}  // namespace boltzkit::cpu
