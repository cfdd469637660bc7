// The table of product families: what the rest of the backend counts on, and that blocks do not
// show in rounded fields of bits.
#include <bit>

#include "cpu/product.hpp"
#include "cpu/rounded_weights.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

TEST_CASE("families that round come first, and some exact family makes lists") {
  forEachIsa([](const cpu::Kernels& kernels) {
    const auto rounds = [](const cpu::ProductFamily& family) { return family.rounds(); };
    CHECK(std::ranges::is_partitioned(kernels.families, rounds));
    CHECK(std::ranges::any_of(kernels.families, [](const cpu::ProductFamily& f) { return !f.rounds() && f.lists; }));
    for (const cpu::ProductFamily& family : kernels.families) {
      CAPTURE(family.name);
      CHECK((family.kernel && family.cost > 0));
      for (const std::size_t block : {family.block, family.longBlock}) CHECK((block <= cpu::largestBlock && block % cpu::lineFloats == 0));
      CHECK((std::has_single_bit(family.listMultiple) && family.listMultiple <= cpu::lineFloats));
      if (family.lists) CHECK(!family.lists->bitRow == !family.lists->bitColumns);
    }
  });
}

// The number of 14 bits at row k, column j of an upright copy.
std::int64_t shortAt(const cpu::PackedCopy& copy, cpu::Packing packing, std::size_t k, std::size_t j) {
  if (packing == cpu::Packing::shortTiles) {
    const float* tiles = copy.words.data() + k / 64 * copy.stride + j / 16 * cpu::numberTileFloats;
    const auto byte = [&](const float* tile) { return reinterpret_cast<const std::uint8_t*>(tile)[k % 64 / 4 * 64 + j % 16 * 4 + k % 4]; };
    return static_cast<std::int8_t>(byte(tiles)) * 256 + byte(tiles + cpu::byteTileFloats);
  }
  const auto word = std::bit_cast<std::uint32_t>(copy.words.data()[k * copy.stride + j / 32 * 16 + j % 16]);
  return static_cast<std::int16_t>(j % 32 < 16 ? word & 0xffff : word >> 16);
}

TEST_CASE("rounded fields of bits are sums over the whole depth, rounded once") {
  constexpr std::size_t depth = 5000, columns = 40;  // several groups of blocks
  forEachIsa([](const cpu::Kernels& kernels) {
    cpu::Engine engine(kernels, 1);
    cpu::CpuTensor states(2, depth), weights(depth, columns), out(2, columns);
    const Values w = randomValues(depth * columns, 7, Kind::grey), s = randomValues(depth, 8, Kind::binary, 0.7);
    for (std::size_t k = 0; k < depth; ++k) {
      states.writeRow(0)[k] = 1;
      states.writeRow(1)[k] = static_cast<float>(s[k]);
      for (std::size_t j = 0; j < columns; ++j) weights.writeRow(k)[j] = static_cast<float>(1 - w[k * columns + j] / 5) / 2;
    }
    cpu::multiply(engine, cpu::fieldProduct({&states, &weights, false, 1, nullptr, Accuracy::draws}, false, cpu::fieldTolerance, out));
    const auto made = [&](cpu::Packing packing) {
      return weights.packedCopy(packing, cpu::Orientation::upright).version == weights.version();
    };
    const cpu::Packing packing = made(cpu::Packing::shorts) ? cpu::Packing::shorts : cpu::Packing::shortTiles;
    REQUIRE(made(packing));
    const cpu::PackedCopy& copy = weights.packedCopy(packing, cpu::Orientation::upright);
    std::int64_t largest = 0;
    for (std::size_t r = 0; r < 2; ++r)
      for (std::size_t j = 0; j < columns; ++j) {
        std::int64_t sum = 0;
        for (std::size_t k = 0; k < depth; ++k) sum += states.row(r)[k] == 1 ? shortAt(copy, packing, k, j) : 0;
        largest = std::max(largest, sum);
        CHECK(out.row(r)[j] == copy.unit * static_cast<float>(sum));
      }
    CHECK(largest > std::int64_t{1} << 24);  // more than floats hold
  });
}

}  // namespace
}  // namespace boltzkit::test
