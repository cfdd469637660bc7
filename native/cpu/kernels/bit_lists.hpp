// Lists active places from bits, as kernels/active_set.hpp does from floats. Bits are a
// thirty-second of the bytes to read, which counts where another core has drawn the states. For
// columns, blocks of 64 x 64 bits are transposed first (Warren, Hacker's Delight, 2nd ed. 2012,
// section 7-3).
#pragma once
#include "cpu/kernels/active_set.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Appends the offsets of the places that are on, first + i * ldb for bit i of the word. Returns
// their number.
FORCE_INLINE std::uint32_t listWord(std::uint64_t word, std::size_t first, std::size_t ldb, std::uint32_t* out) {
  if (word == 0) return 0;
  std::uint32_t n = 0;
  I offsets = iota() * set1i(static_cast<std::int32_t>(ldb)) + set1i(static_cast<std::int32_t>(first));
  const I step = set1i(static_cast<std::int32_t>(lanes * ldb));
#pragma GCC unroll 16
  for (int i = 0; i < 64; i += lanes, offsets += step)
    n += compress(static_cast<unsigned>(word >> i & ((std::uint64_t{1} << lanes) - 1)), offsets, out + n);
  return n;
}

// Words of 64 places in the largest block; the last one is used in part.
constexpr std::size_t blockWords = (largestBlock + 63) / 64;

// The 64 places of a row from place k on, with zeros from `end` on. k is a multiple of 16.
FORCE_INLINE std::uint64_t wordAt(const std::uint64_t* words, std::size_t stride, std::size_t k, std::size_t end) {
  const std::size_t q = k / 64, shift = k % 64;
  std::uint64_t word = words[q * stride] >> shift;
  if (shift != 0 && (q + 1) * 64 < end) word |= words[(q + 1) * stride] << (64 - shift);
  return end - k < 64 ? word & ((std::uint64_t{1} << (end - k)) - 1) : word;
}

NonZeroFacts listBitRow(const std::uint64_t* words, std::size_t stride, std::size_t depth, std::size_t ldb, const NonZeros& lists,
                        std::size_t rowIndex, std::uint32_t* next) {
  std::uint32_t *start = lists.start + rowIndex * lists.blocks, *stop = lists.end + rowIndex * lists.blocks;
  std::size_t count = 0;
  for (std::size_t first = 0; first < depth; first += lists.depth, ++start, ++stop, ++next) {
    std::uint32_t n = *start = *next;
    const std::size_t end = first + lists.depth < depth ? first + lists.depth : depth;
    for (std::size_t k = first; k < end; k += 64) n += listWord(wordAt(words, stride, k, end), (k - first) * ldb, ldb, lists.offset + n);
    count += n - *start;
    *next = *stop = fillUp(lists, *start, n, static_cast<std::uint32_t>((lists.zeroPlace - first) * ldb));
  }
  return {count, true};
}

FORCE_INLINE void transposeBits(std::uint64_t (&row)[64]) {
  std::uint64_t mask = 0x00000000ffffffffu;
#pragma GCC unroll 6
  for (int step = 32; step != 0; step >>= 1, mask ^= mask << step)
    for (int i = 0; i < 64; i += 2 * step)
      for (int k = i; k < i + step; ++k) {
        const std::uint64_t other = (row[k] >> step ^ row[k + step]) & mask;
        row[k] ^= other << step;
        row[k + step] ^= other;
      }
}

NonZeroFacts listBitColumns(const BitColumns& s, std::size_t ldb, const NonZeros& lists, std::size_t firstList, std::uint32_t* next) {
  std::size_t count = 0;
  for (std::size_t block = 0, first = 0; first < s.depth; ++block, first += lists.depth) {
    const std::size_t end = first + lists.depth < s.depth ? first + lists.depth : s.depth;
    std::uint64_t places[blockWords][64];
    std::size_t used = 0;
    for (std::size_t k = first; k < end; k += 64, ++used) {
      for (std::size_t i = 0; i < 64; ++i) places[used][i] = k + i < end ? s.words[k + i] : 0;
      transposeBits(places[used]);
    }
    const auto zero = static_cast<std::uint32_t>((lists.zeroPlace - first) * ldb);
    std::uint32_t at = next[block];
    for (std::size_t c = 0; c < s.columns; ++c) {
      std::uint32_t n = at;
      for (std::size_t q = 0; q < used; ++q) n += listWord(places[q][s.firstBit + c], 64 * q * ldb, ldb, lists.offset + n);
      count += n - at;
      const std::size_t list = (firstList + c) * lists.blocks + block;
      lists.start[list] = at;
      lists.end[list] = at = fillUp(lists, at, n, zero);
    }
    next[block] = at;
  }
  return {count, true};
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
