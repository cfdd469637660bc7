// What all unit types share: access to their parameters and their random words.
//
// A unit type is a struct of static functions, templates over the precision. There are two kinds:
//  * Scalar types: a unit has one place. Functions: energy, cumulant, mean, variance, widest, mode,
//    sample, statistics, and expected (the means of the statistics given the field).
//  * Grouped types: a unit has `size` places (a softmax of K categories). The functions take all
//    places of a unit, except `statistics`, which takes one place. There is no `expected`.
// Fields exclude the unit's own bias:
//   p(s | field) is proportional to measure(s) exp(beta (field . s - U(s))).
// Every type also defines its name, the names of its parameters, the domain of its data, the number
// of random words per unit (`words`), and how parameters start from data. It says which countable
// states it has (see Uncountable) and whether a unit keeps the total of its places. Linear types
// define `spread`, the variance that belongs to a mean.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"

namespace boltzkit {

// The parameters of one unit, or of the first place of a group. Parameter k of place j is
// p[k * stride + j]. `size` belongs to the type: categories of a softmax, trials of a binomial
// unit, otherwise 1.
template <class Real>
struct UnitView {
  const Real* p;
  std::size_t stride;
  std::uint32_t size;
  BOLTZKIT_HD Real operator[](std::size_t k) const { return p[k * stride]; }
};

// The random words of one chain's row, in order. One call of the generator makes four.
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

// Types whose units have finitely many states define how many there are, the value of each, and the
// share of each in a data value. All other types inherit these zeros.
struct Uncountable {
  static constexpr double states(std::uint32_t) { return 0; }
  static constexpr double state(std::uint64_t, std::size_t) { return 0; }
  static constexpr double share(std::uint64_t, const double*) { return 0; }
};

// What replaces a unit's state, given its field.
enum class Draw { sample, mean, mode };

inline constexpr double anySum = std::numeric_limits<double>::max();

// The data values that a unit type accepts: numbers in [low, high], whole ones if `integers` is
// set. For grouped types the places of a unit add up to leastSum ... mostSum.
struct UnitDomain {
  double low, high;
  bool integers = false;
  double leastSum = -anySum, mostSum = anySum;
};

// End of a domain without bound. States are float32, and data must be finite.
inline constexpr double unbounded = std::numeric_limits<float>::max();

}  // namespace boltzkit
