// Product families: the ways to compute a product. Each is one entry of a kernel set's table
// (kernels/families.hpp). It names the left factors it accepts, how they are listed, the packing of
// its right factor, and its kernel. Families that round come first, and a plan chooses the first
// one that fits, or its twin by matrix tiles. Otherwise it chooses the cheapest exact one; all
// exact ones give the same bits.
#pragma once
#include <cstddef>
#include <cstdint>

#include "cpu/packing.hpp"

namespace boltzkit::cpu {

struct NonZeros;
struct NonZeroFacts;
struct TileFacts;
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
inline constexpr float largestWhole = 255, largestSignedByte = 127;
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

// Makes tiles of bytes (kernels.hpp) of a left factor A: 16 rows, one after the other for each 64
// places. Places and rows that A lacks become zeros. `used` says of each tile whether it holds
// anything else.
struct TileKernels {
  // Of up to 16 rows of A [rows, lda] times scale.
  TileFacts (*rows)(const float* a, std::size_t lda, std::size_t rows, std::size_t depth, float scale, std::uint8_t* tiles,
                    std::uint8_t* used);
  // Of 16 columns of A [depth, lda], as rows.
  TileFacts (*columns)(const float* a, std::size_t lda, std::size_t depth, float scale, std::uint8_t* tiles, std::uint8_t* used);
  // The same from bits. The word of row r and the places 64 q ... is words[q * stride + r].
  void (*bitRows)(const std::uint64_t* words, std::size_t stride, std::size_t rows, std::size_t depth, std::uint8_t* tiles,
                  std::uint8_t* used);
  // Of the columns firstBit ... firstBit + 15, of which words[k] holds place k.
  void (*bitColumns)(const std::uint64_t* words, std::size_t firstBit, std::size_t depth, std::uint8_t* tiles, std::uint8_t* used);
};

// Sums over more places than this have blocks of `longBlock` places. The error of rounding is
// smaller, and the product takes a little longer.
inline constexpr std::size_t longSum = 1024;

struct ProductFamily {
  const char* name;
  LeftValues takes;
  Packing packing;                       // of B
  std::size_t block = 0, longBlock = 0;  // rows of B in a block; 0 for tiles, which need no blocks
  const ListKernels* lists = nullptr;    // null: the kernel reads tiles, or rows of floats
  const TileKernels* tiles = nullptr;
  std::size_t listMultiple = 1;  // lists are filled up to a multiple of it with a row of zeros
  void (*kernel)(const PanelBlock&);
  // Draws units from the rows of C, and does not write them; null: there is no such kernel.
  void (*drawing)(const PanelBlock&) = nullptr;
  float cost;                 // per entry, tile, or place of a row, and 16 columns
  std::size_t leastRows = 0;  // fewer rows take as long as these
  std::size_t mostDepth = SIZE_MAX;
  const ProductFamily* byTiles = nullptr;  // the family that computes the same bits by tiles

  constexpr bool rounds() const { return packing != Packing::floats; }
  constexpr std::size_t blockOf(std::size_t depth) const { return depth > longSum ? longBlock : block; }
};

}  // namespace boltzkit::cpu
