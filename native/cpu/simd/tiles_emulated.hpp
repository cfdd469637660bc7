// The tile layer in plain C++: what simd/tiles_amx.hpp has the processor do. It lets every machine
// test the kernels of kernels/tiles.hpp.
#pragma once
#include "cpu/simd/vector.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

class TileUnit {
 public:
  template <int t>
  void zero() {
    tiles_[t] = {};
  }
  template <int t>
  void load(const void* from) {
    __builtin_memcpy(&tiles_[t], from, sizeof tiles_[t]);
  }
  template <int t>
  void loadOnce(const void* from) {
    load<t>(from);
  }
  template <int t>
  void store(void* to) const {
    __builtin_memcpy(to, &tiles_[t], sizeof tiles_[t]);
  }
  template <int sums, int a, int b, bool negativeA, bool negativeB>
  void multiply() {
    for (int m = 0; m < 16; ++m) {
      std::int32_t sum[16];
      __builtin_memcpy(sum, tiles_[sums].bytes[m], sizeof sum);
      for (int k = 0; k < 64; ++k) {
        const std::int32_t x = valueOf<negativeA>(tiles_[a].bytes[m][k]);
        if (x == 0) continue;
        for (int n = 0; n < 16; ++n) sum[n] += x * valueOf<negativeB>(tiles_[b].bytes[k / 4][4 * n + k % 4]);
      }
      __builtin_memcpy(tiles_[sums].bytes[m], sum, sizeof sum);
    }
  }

 private:
  struct Tile {
    std::uint8_t bytes[16][64];
  };
  template <bool negative>
  static std::int32_t valueOf(std::uint8_t byte) {
    return negative && byte > 127 ? byte - 256 : byte;
  }

  Tile tiles_[8]{};
};

// Bytes of 0 or 1 from the bits of a word.
FORCE_INLINE void expandBits(std::uint64_t bits, std::uint8_t* bytes) {
  for (int i = 0; i < 64; ++i) bytes[i] = bits >> i & 1;
}
// 1 in the lanes named by the bits, 0 in the others.
FORCE_INLINE I onesOfBits(unsigned bits) {
  I ones{};
  for (int i = 0; i < lanes; ++i) ones[i] = static_cast<std::int32_t>(bits >> i & 1);
  return ones;
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
