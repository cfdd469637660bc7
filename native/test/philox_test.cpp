// Philox against Random123's known answers, and every vector generator against the scalar one.
#include <fstream>
#include <sstream>

#include "core/philox.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

struct KnownAnswer {
  std::uint32_t counter[4], key[2], words[4];
};

std::vector<KnownAnswer> knownAnswers() {
  std::ifstream file(BOLTZKIT_TEST_DATA "/philox_known_answers.txt");
  std::vector<KnownAnswer> answers;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream numbers(line);
    KnownAnswer a{};
    numbers >> std::hex;
    for (auto& w : a.counter) numbers >> w;
    for (auto& w : a.key) numbers >> w;
    for (auto& w : a.words) numbers >> w;
    if (numbers) answers.push_back(a);
  }
  return answers;
}

TEST_CASE("the scalar generator gives the known answers") {
  const auto answers = knownAnswers();
  REQUIRE(answers.size() == 3);
  for (const KnownAnswer& a : answers) {
    const Words4 got = philox4x32({{a.counter[0], a.counter[1], a.counter[2], a.counter[3]}}, a.key[0], a.key[1]);
    for (int i = 0; i < 4; ++i) CHECK(got.w[i] == a.words[i]);
  }
}

TEST_CASE("every vector generator gives the known answers, also across the end of the block counter") {
  forEachIsa([](const cpu::Kernels& kernels) {
    for (const KnownAnswer& a : knownAnswers()) {
      std::uint32_t words[4];
      kernels.philox(a.counter[0], a.counter + 1, a.key, 1, words);
      for (int i = 0; i < 4; ++i) CHECK(words[i] == a.words[i]);
    }
    for (const std::size_t blocks : {1, 2, 3, 7, 8, 9, 33}) {
      const std::uint32_t counter[] = {0xdeadbeef, 77, 0x80000001}, key[] = {0x89abcdef, 0xfedcba98};
      std::vector<std::uint32_t> words(4 * blocks);
      const std::uint32_t first = 0xfffffffcu;
      kernels.philox(first, counter, key, blocks, words.data());
      for (std::size_t b = 0; b < blocks; ++b) {
        const Words4 want = philox4x32({{first + static_cast<std::uint32_t>(b), counter[0], counter[1], counter[2]}}, key[0], key[1]);
        for (std::size_t i = 0; i < 4; ++i) CHECK(words[4 * b + i] == want.w[i]);
      }
    }
  });
}

}  // namespace
}  // namespace boltzkit::test
