// Enumerates the joint states of as few units as necessary. Given the layers of these units, the
// remaining layers are coupled neither to each other nor to themselves and can be summed out in
// closed form.
#pragma once
#include <cstdint>
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

// Number of states of one unit; 0 if it has infinitely many or they are not known without data.
double statesOfUnit(const Layer& layer);
// The value of place k of a unit in its state `number`.
double valueOfState(const Layer& layer, std::uint64_t number, std::size_t k);

class Enumeration {
 public:
  // Chooses the cheapest such set among the layers that are not given. This is a vertex cover of
  // their couplings, weighted by the log of the number of states, found by branch and bound.
  Enumeration(const Machine& machine, const std::vector<bool>& given);

  // Number of joint states. Infinite if a layer without finitely many states would have to be
  // enumerated; 1 if none has to be.
  double states() const { return states_; }
  // True for each enumerated layer.
  const std::vector<bool>& counted() const { return counted_; }
  // Names of the enumerated layers, for messages: 'a', 'b'.
  std::string names() const;
  // Writes joint state (first + r) % states() into row r of the tensors of the enumerated layers.
  void write(std::uint64_t first, States& states) const;

 private:
  const Machine& machine_;
  std::vector<bool> counted_;
  double states_;
};

// A number of states for a message: all digits below 10^15.
std::string countText(double n);

}  // namespace boltzkit
