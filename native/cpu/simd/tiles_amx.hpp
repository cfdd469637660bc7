// The tile layer for AMX (TILE, INT8). Eight registers of the processor hold a tile of 16 rows and
// 64 bytes each. One instruction adds 16 x 16 sums of 64 products of bytes.
//
// The thread's tiles are configured when a TileUnit is made, and given back when it ends. Between
// kernels a thread has no tiles, so that context switches do not save them.
#pragma once
#include <immintrin.h>

#include "cpu/simd/vector.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

struct alignas(64) TileShapes {
  std::uint8_t palette = 1, firstRow = 0, reserved[14]{};
  std::uint16_t bytesOfRow[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileShapes wholeTiles;

// Assembly in place of intrinsics, which want the number of a tile as a literal.
class TileUnit {
  // What an instruction reads or writes, for the compiler.
  struct Bytes {
    std::uint8_t byte[1024];
  } __attribute__((may_alias));
  FORCE_INLINE static const Bytes& bytesAt(const void* p) { return *static_cast<const Bytes*>(p); }
  FORCE_INLINE static Bytes& bytesAt(void* p) { return *static_cast<Bytes*>(p); }

 public:
  TileUnit() { asm volatile("ldtilecfg %0" ::"m"(wholeTiles)); }
  ~TileUnit() { asm volatile("tilerelease"); }
  TileUnit(const TileUnit&) = delete;
  TileUnit& operator=(const TileUnit&) = delete;

  template <int t>
  FORCE_INLINE void zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(t));
  }
  // 16 rows of 64 bytes, one after the other.
  template <int t>
  FORCE_INLINE void load(const void* from) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(std::size_t{64}), "i"(t), "m"(bytesAt(from)));
  }
  // For tiles that pass by: they do not push others out of the first-level cache.
  template <int t>
  FORCE_INLINE void loadOnce(const void* from) {
    asm volatile("tileloaddt1 (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(std::size_t{64}), "i"(t), "m"(bytesAt(from)));
  }
  template <int t>
  FORCE_INLINE void store(void* to) const {
    asm volatile("tilestored %%tmm%c3, (%1,%2,1)" : "=m"(bytesAt(to)) : "r"(to), "r"(std::size_t{64}), "i"(t));
  }
  // sums[m, n] += the sum over k of a[m, k] b[k, n]. Bytes of a factor are signed or not. Tile b
  // holds place k of column n in byte 4 n + k % 4 of row k / 4.
  template <int sums, int a, int b, bool negativeA, bool negativeB>
  FORCE_INLINE void multiply() {
    if constexpr (negativeA && negativeB)
      asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sums), "i"(a), "i"(b));
    else if constexpr (negativeA)
      asm volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sums), "i"(a), "i"(b));
    else if constexpr (negativeB)
      asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sums), "i"(a), "i"(b));
    else
      asm volatile("tdpbuud %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sums), "i"(a), "i"(b));
  }
};

// Bytes of 0 or 1 from the bits of a word.
FORCE_INLINE void expandBits(std::uint64_t bits, std::uint8_t* bytes) { _mm512_store_si512(bytes, _mm512_maskz_set1_epi8(bits, 1)); }
// 1 in the lanes named by the bits, 0 in the others.
FORCE_INLINE I onesOfBits(unsigned bits) { return (I)_mm512_maskz_set1_epi32(static_cast<__mmask16>(bits), 1); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
