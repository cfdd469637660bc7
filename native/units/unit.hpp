// What all unit types share: how they see their parameters and their random words.
//
// A unit type is a struct of static functions, templates over the precision. There are two kinds.
//  * Scalar types: one place of a state row is one unit. They have energy, cumulant, mean, variance, mode, sample, statistics,
//    expected (the statistics' means given the field).
//  * Grouped types: `size` places in a row are one unit (a softmax of K categories). The same functions over the places of a group.
// Fields come without the unit's own bias; p(s | field) is proportional to measure(s) exp(beta (field . s - U(s))).
// Every type also says: name, the names of its parameters, the domain of data, wordsPerUnit, how parameters start from data, its countable
// states (see Uncountable), whether a unit keeps the total of its places, and for linear types the spread that goes with a mean.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"

namespace boltzkit {

// The parameters of one unit (or of the first place of a group): parameter k of place j stands at p[k * stride + j]. `size` is
// the type's own number: categories of a softmax, trials of a binomial; 1 otherwise.
template <class Real>
struct UnitView {
  const Real* p;
  std::size_t stride;
  std::uint32_t size;
  BOLTZKIT_HD Real operator[](std::size_t k) const { return p[k * stride]; }
};

// The random words of one chain's row, in order; four come from one call of the generator.
class RowWords {
 public:
  BOLTZKIT_HD RowWords(const Stream& stream, std::uint32_t chain) : stream_(stream), chain_(chain) {}
  BOLTZKIT_HD std::uint32_t operator()(std::uint64_t i) {
    const auto block = static_cast<std::uint32_t>(i / 4);
    if (!loaded_ || block != block_) {
      words_ = streamWords(stream_, chain_, block);
      block_ = block;
      loaded_ = true;
    }
    return words_.w[i % 4];
  }

 private:
  Stream stream_;
  std::uint32_t chain_, block_ = 0;
  bool loaded_ = false;
  Words4 words_{};
};

// Types whose units have finitely many states also say how many, what each is, and how much of it is in a data value. These are the
// answers of all others.
struct Uncountable {
  static constexpr double states(std::uint32_t) { return 0; }
  static constexpr double state(std::uint64_t, std::size_t) { return 0; }
  static constexpr double share(std::uint64_t, const double*) { return 0; }
};

// What takes the place of a unit's state, given its field.
enum class Draw { sample, mean, mode };

// No bound at all.
inline constexpr double anySum = std::numeric_limits<double>::max();

// What data of a unit type may be: every value in [low, high], and whole numbers where `integers` is set; the places of a unit of a grouped type
// add up to leastSum ... mostSum.
struct UnitDomain {
  double low, high;
  bool integers = false;
  double leastSum = -anySum, mostSum = anySum;
};

// The end of a domain without one: states are float32, and infinite data are none.
inline constexpr double unbounded = std::numeric_limits<float>::max();

}  // namespace boltzkit
