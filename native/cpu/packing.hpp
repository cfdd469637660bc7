// Packings: how the right factor of a product lies in memory. packing_formats.hpp says what each
// looks like.
#pragma once
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace boltzkit::cpu {

enum class Packing : std::uint8_t {
  floats,  // the values themselves
  // Numbers of 16 bits: rows 2 k and 2 k + 1 of one column share a word (kernels/pairs.hpp).
  pairs,
  shortPairs,  // the same with numbers of 14 bits
  // Numbers of 14 bits: columns j and j + 16 of one row share a word (kernels/short_sums.hpp).
  shorts,
  // The same numbers as two bytes, in tiles (kernels/tiles.hpp).
  pairTiles,
  shortTiles,
};
inline constexpr Packing roundedPackings[] = {Packing::pairs, Packing::shortPairs, Packing::shorts, Packing::pairTiles,
                                              Packing::shortTiles};
inline constexpr std::size_t packings = 1 + std::size(roundedPackings);

// A copy holds the matrix or its transpose.
enum class Orientation : std::uint8_t { upright, transposed };
inline constexpr Orientation orientations[] = {Orientation::upright, Orientation::transposed};
constexpr Orientation orientationOf(bool transposed) { return transposed ? Orientation::transposed : Orientation::upright; }

// One T for each copy that a matrix may have.
template <class T>
class PerCopy {
 public:
  T& at(Packing packing, Orientation orientation) { return all_[static_cast<std::size_t>(packing)][static_cast<std::size_t>(orientation)]; }
  const T& at(Packing packing, Orientation orientation) const {
    return all_[static_cast<std::size_t>(packing)][static_cast<std::size_t>(orientation)];
  }

 private:
  T all_[packings][2]{};
};

// The largest absolute values of packed numbers. Four shorts add up within 16 bits.
inline constexpr float largestPair = 32766, largestShort = 8190;

}  // namespace boltzkit::cpu
