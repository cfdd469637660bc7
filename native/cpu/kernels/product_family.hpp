// Product families: the ways to compute a product. Each is one entry of a kernel set's table
// (kernels/families.hpp). It names the left factors it accepts, how they are listed, the packing of
// its right factor, and its kernel. Families that round come first, and a plan chooses the first
// one that fits. Otherwise it chooses the cheapest exact one; all exact ones give the same bits.
#pragma once
#include <cstddef>
#include <cstdint>

#include "cpu/packing.hpp"

namespace boltzkit::cpu {

struct NonZeros;
struct NonZeroFacts;
struct FloatColumns;
struct BitColumns;
struct PanelBlock;

// What the values of a left factor are, in the order in which a plan tries them.
enum class LeftValues : std::uint8_t {
  bits,    // 0 or 1
  wholes,  // whole numbers up to largestWhole
  greys,   // multiples of 1/255 up to 1
  any,
};
inline constexpr float largestWhole = 255;
// The factor that makes them whole numbers.
constexpr float scaleOf(LeftValues values) { return values == LeftValues::greys ? 255.0f : 1.0f; }
constexpr LeftValues after(LeftValues values) { return static_cast<LeftValues>(static_cast<int>(values) + 1); }

// Makes lists of a left factor A, with offsets for rows of B of `ldb` floats. next [blocks] says
// where entries of each block may be written, and moves on behind them. Up to a line may be written
// behind the last entry.
struct ListKernels {
  // Of one row of A [depth] times scale, as list `list`.
  NonZeroFacts (*row)(const float* row, std::size_t depth, std::size_t ldb, float scale, const NonZeros& lists, std::size_t list,
                      std::uint32_t* next);
  NonZeroFacts (*columns)(const FloatColumns&);
  // The same from bits, without values. bitRow lists a row, whose word of the places 64 q ... is
  // words[q * stride]. Null: lists are made from floats.
  NonZeroFacts (*bitRow)(const std::uint64_t* words, std::size_t stride, std::size_t depth, std::size_t ldb, const NonZeros& lists,
                         std::size_t list, std::uint32_t* next) = nullptr;
  NonZeroFacts (*bitColumns)(const BitColumns&, std::size_t ldb, const NonZeros& lists, std::size_t firstList,
                             std::uint32_t* next) = nullptr;
};

// Sums over more places than this have blocks of `longBlock` places. The error of rounding is
// smaller, and the product takes a little longer.
inline constexpr std::size_t longSum = 1024;

struct ProductFamily {
  const char* name;
  LeftValues takes;
  Packing packing;               // of B
  std::size_t block, longBlock;  // rows of B in a block
  const ListKernels* lists;      // null: the kernel reads rows of floats
  std::size_t listMultiple = 1;  // lists are filled up to a multiple of it with a row of zeros
  void (*kernel)(const PanelBlock&);
  float cost;                 // per entry, or place of a row, and 16 columns
  std::size_t leastRows = 0;  // fewer rows take as long as these

  bool rounds() const { return packing != Packing::floats; }
  std::size_t blockOf(std::size_t depth) const { return depth > longSum ? longBlock : block; }
};

}  // namespace boltzkit::cpu
