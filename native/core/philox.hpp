// Philox4x32-10, a stateless random number generator: ten rounds of multiply and xor over a 128-bit
// counter under a 64-bit key. Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011, section 3.2 and table 2.
#pragma once
#include <array>
#include <cstdint>

#if defined(__CUDACC__)
#define BOLTZKIT_HD __host__ __device__
#else
#define BOLTZKIT_HD
#endif

namespace boltzkit {

// The paper's multipliers M0 and M1, and its Weyl increments: golden ratio and sqrt(3) - 1 in 32
// bits.
inline constexpr std::uint32_t philoxM0 = 0xD2511F53u, philoxM1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philoxW0 = 0x9E3779B9u, philoxW1 = 0xBB67AE85u;
inline constexpr int philoxRounds = 10;

struct Words4 {
  std::uint32_t w[4];
};

BOLTZKIT_HD inline Words4 philox4x32(Words4 c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < philoxRounds; ++round) {
    const std::uint64_t p0 = static_cast<std::uint64_t>(philoxM0) * c.w[0];
    const std::uint64_t p1 = static_cast<std::uint64_t>(philoxM1) * c.w[2];
    c = {{static_cast<std::uint32_t>(p1 >> 32) ^ c.w[1] ^ k0, static_cast<std::uint32_t>(p1),
          static_cast<std::uint32_t>(p0 >> 32) ^ c.w[3] ^ k1, static_cast<std::uint32_t>(p0)}};
    k0 += philoxW0;
    k1 += philoxW1;
  }
  return c;
}

}  // namespace boltzkit
