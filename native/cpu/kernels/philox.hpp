// Philox4x32-10 (core/philox.hpp) for lanes / 2 consecutive blocks at a time, each word in the
// lower half of a 64-bit lane. The 32 x 32 -> 64 product ignores the upper halves, so no masking is
// needed between rounds.
#pragma once
#include "core/philox.hpp"
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

struct PhiloxWords {
  U w[4];
};

// The keys of all rounds, spread over vectors once for many blocks. Working them out in every round
// took as long as the products.
struct PhiloxKeys {
  U k[philoxRounds][2];
  U last[2];  // the last two in the upper halves
};

FORCE_INLINE PhiloxKeys philoxKeys(const std::uint32_t* key) {
  PhiloxKeys keys;
  std::uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < philoxRounds; ++round, k0 += philoxW0, k1 += philoxW1) {
    keys.k[round][0] = U{} + k0;
    keys.k[round][1] = U{} + k1;
  }
  for (int i = 0; i < 2; ++i) keys.last[i] = keys.k[philoxRounds - 1][i] << 32;
  return keys;
}

// The rounds first ... last - 1, for two or more sets of blocks at a time. One set alone would wait
// for its own products most of the time, unless there is other work beside it.
template <int first = 0, int last = philoxRounds, int sets>
FORCE_INLINE void philoxRoundsFrom(PhiloxWords (&c)[sets], const PhiloxKeys& keys) {
  const U m0 = U{} + philoxM0, m1 = U{} + philoxM1;
#pragma GCC unroll 10
  for (int round = first; round < last; ++round) {
#pragma GCC unroll 4
    for (PhiloxWords& x : c) {
      const U p0 = multiplyLow(x.w[0], m0), p1 = multiplyLow(x.w[2], m1);
      x = {{xor3(highHalves(p1), x.w[1], keys.k[round][0]), p1, xor3(highHalves(p0), x.w[3], keys.k[round][1]), p0}};
    }
  }
}

// The words of each block in two lanes: 1 and 0, 3 and 2, in the lower and the upper half. The last
// round leaves them so, because a product has one word in its lower half, and in its upper half
// what another word is made of.
struct PhiloxPairs {
  U first, second;
};
FORCE_INLINE PhiloxPairs lastRound(const PhiloxWords& c, const PhiloxKeys& keys) {
  const U p0 = multiplyLow(c.w[0], U{} + philoxM0), p1 = multiplyLow(c.w[2], U{} + philoxM1);
  return {xor3(p1, c.w[1] << 32, keys.last[0]), xor3(p0, c.w[3] << 32, keys.last[1])};
}

// The numbers block ... block + half - 1. In this order of lanes, evenPairs gives the first half of
// the units and oddPairs the rest.
FORCE_INLINE U blockNumbers(std::uint32_t block) {
  U v{};
  for (int i = 0; i < half; ++i) v[i] = static_cast<std::uint64_t>(i % 2 * (half / 2) + i / 2);
  return v + block;
}

// The words of the 4 * lanes units from 4 * block on, in the order of the units.
constexpr std::size_t philoxVectors = 4, philoxGrain = philoxVectors * lanes;

struct UnitWords {
  I vector[philoxVectors];
};

// Of one set of blocks: the words of 2 * lanes units.
FORCE_INLINE void putInOrder(const PhiloxPairs& c, I* vectors) {
  const U lower = c.first >> 32 | c.first << 32, upper = c.second >> 32 | c.second << 32;
  vectors[0] = (I)evenPairs(lower, upper);
  vectors[1] = (I)oddPairs(lower, upper);
}

// After the round before the last one.
FORCE_INLINE UnitWords inOrder(const PhiloxWords (&c)[2], const PhiloxKeys& keys) {
  UnitWords words;
  putInOrder(lastRound(c[0], keys), words.vector);
  putInOrder(lastRound(c[1], keys), words.vector + 2);
  return words;
}

FORCE_INLINE UnitWords philoxUnits(std::uint32_t block, const std::uint32_t* counter, const PhiloxKeys& keys) {
  const U c1 = U{} + counter[0], c2 = U{} + counter[1], c3 = U{} + counter[2];
  PhiloxWords c[2] = {{{blockNumbers(block), c1, c2, c3}}, {{blockNumbers(block + half), c1, c2, c3}}};
  philoxRoundsFrom<0, philoxRounds - 1>(c, keys);
  return inOrder(c, keys);
}

// The top 24 bits as a number: 2^24 times uniform<float> of core/random.hpp.
FORCE_INLINE F top24(I words) {
  typedef std::uint32_t Lanes __attribute__((vector_size(4 * BOLTZKIT_LANES)));
  return __builtin_convertvector((I)((Lanes)words >> 8), F);
}

// Many chains and many blocks. But for one product, the first three rounds work on parts that
// depend on the chain alone or on the block alone. Each part is computed once, for a vector of
// chains or blocks, or for one in plain registers. That leaves 15 of the 20 products.
FORCE_INLINE std::uint64_t multiplyLow(std::uint64_t a, std::uint64_t b) { return (a & 0xffffffffu) * (b & 0xffffffffu); }

struct Vector {
  using Word = U;
};
struct Plain {
  using Word = std::uint64_t;
};

// Words whose lower halves count, combined with the keys of their rounds.
template <class Kind>
struct ChainPart {
  typename Kind::Word high, low;
};
template <class Kind>
struct BlockPart {
  typename Kind::Word second, third, fourth, fifth;
};

// `chain` takes the place of counter[0].
template <class Kind>
FORCE_INLINE ChainPart<Kind> chainPart(typename Kind::Word chain, const std::uint32_t* counter, const std::uint32_t* key) {
  using Word = typename Kind::Word;
  const std::uint64_t step = std::uint64_t{philoxM1} * counter[1];
  const Word p = multiplyLow(chain ^ ((step >> 32) ^ key[0]), Word{} + philoxM0);
  return {(p >> 32) ^ (key[1] + philoxW1), p};
}

template <class Kind>
FORCE_INLINE BlockPart<Kind> blockPart(typename Kind::Word block, const std::uint32_t* counter, const std::uint32_t* key) {
  using Word = typename Kind::Word;
  const Word m0 = Word{} + philoxM0, m1 = Word{} + philoxM1;
  const Word p0 = multiplyLow(block, m0);
  const Word p1 = multiplyLow((p0 >> 32) ^ (counter[2] ^ key[1]), m1);
  const Word p2 = multiplyLow((p1 >> 32) ^ (philoxM1 * counter[1] ^ (key[0] + philoxW0)), m0);
  return {p0, p1 ^ (key[0] + 2 * philoxW0), (p2 >> 32) ^ (key[1] + 2 * philoxW1), p2};
}

// The words after three rounds. One of the parts may be plain.
template <class Chains, class Blocks>
FORCE_INLINE PhiloxWords meet(const ChainPart<Chains>& chain, const BlockPart<Blocks>& block) {
  const U zero{}, p = multiplyLow((zero + chain.high) ^ (zero + block.second), zero + philoxM1);
  return {{(p >> 32) ^ block.third, p, (zero + chain.low) ^ (zero + block.fourth), zero + block.fifth}};
}

// The words of one chain for the units of two vectors of blocks.
FORCE_INLINE UnitWords unitWords(const ChainPart<Plain>& chain, const BlockPart<Vector> (&blocks)[2], const PhiloxKeys& keys) {
  PhiloxWords c[2] = {meet(chain, blocks[0]), meet(chain, blocks[1])};
  philoxRoundsFrom<3, philoxRounds - 1>(c, keys);
  return inOrder(c, keys);
}

// The words of chainTile chains for the same four units, a chain to a lane.
constexpr std::size_t tileVectors = chainTile / lanes;

struct TileChains {
  ChainPart<Vector> part[2 * tileVectors];  // of the chains with even and odd numbers in turn
};

FORCE_INLINE TileChains tileChains(const std::uint32_t* counter, const std::uint32_t* key) {
  TileChains chains;
  for (std::size_t set = 0; set < 2 * tileVectors; ++set) {
    U chain{};
    for (std::size_t i = 0; i < half; ++i) chain[i] = (counter[0] + static_cast<std::uint32_t>(set / 2 * lanes + 2 * i + set % 2));
    chains.part[set] = chainPart<Vector>(chain, counter, key);
  }
  return chains;
}

// Blocks computed together: as many sets of words as there are registers for.
constexpr std::size_t blocksTogether = lanes == 16 ? 2 : 1, unitsTogether = 4 * blocksTogether;

// words[i * tileVectors + v] is word i of the chains in vector v. i counts on from block to block.
FORCE_INLINE void chainWords(const TileChains& chains, const BlockPart<Plain> (&block)[blocksTogether], const PhiloxKeys& keys, I* words) {
  const U lower = U{} + 0xffffffffu;
#pragma GCC unroll 4
  for (std::size_t v = 0; v < tileVectors; ++v) {
    PhiloxWords c[2 * blocksTogether];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 2 * blocksTogether; ++i) c[i] = meet(chains.part[2 * v + i % 2], block[i / 2]);
    philoxRoundsFrom<3>(c, keys);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < unitsTogether; ++i)
      words[i * tileVectors + v] = (I)((c[i / 4 * 2].w[i % 4] & lower) | (c[i / 4 * 2 + 1].w[i % 4] << 32));
  }
}

void philox(std::uint32_t block, const std::uint32_t counter[3], const std::uint32_t key[2], std::size_t blocks, std::uint32_t* out) {
  const PhiloxKeys keys = philoxKeys(key);
  for (std::size_t b = 0; b < blocks; b += 2 * half) {
    const UnitWords words = philoxUnits(block + static_cast<std::uint32_t>(b), counter, keys);
    std::uint32_t place[philoxGrain];
    __builtin_memcpy(place, &words, sizeof place);
    for (std::size_t i = 0; i < philoxGrain && b + i / 4 < blocks; ++i) out[4 * b + i] = place[i];
  }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
