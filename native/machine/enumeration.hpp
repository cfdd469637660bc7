// The joint states of as few units as need to be counted one by one: once their layers are known, the layers that remain are neither coupled
// to each other nor to themselves and can be summed out in closed form.
#pragma once
#include <cstdint>
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

// How many states one unit has; 0: not finitely many, or not known without data.
double statesOfUnit(const Layer& layer);
// What place k of a unit holds in its state of this number.
double valueOfState(const Layer& layer, std::uint64_t number, std::size_t k);

class Enumeration {
 public:
  // Picks the cheapest such set among the layers that are not given: a vertex cover of their couplings, weighted by the log of the number of
  // states (branch and bound).
  Enumeration(const Machine& machine, const std::vector<bool>& given);

  // Number of joint states; infinite when a layer without finitely many states would have to be counted. 1: nothing needs to be.
  double states() const { return states_; }
  // Which layers are counted.
  const std::vector<bool>& counted() const { return counted_; }
  // Their names, for messages: 'a', 'b'.
  std::string names() const;
  // Writes the states (first + r) % states() of the counted layers into row r of their tensors.
  void write(std::uint64_t first, States& states) const;

 private:
  const Machine& machine_;
  std::vector<bool> counted_;
  double states_;
};

}  // namespace boltzkit
