// log p(s_i | s_-i) for single units of some layers, with all other layers summed out. Let f be the
// field on unit i from the given layers, F_n the fields on the other layers n without unit i, and
// W_in the weights between them. Then
//   p(s_i = x | s_-i) is proportional to exp(f x - U(x) + sum_n cumulant_n(F_n + x W_in)).
//  * A unit coupled to given layers only has the conditional of its type, with field f.
//  * A unit with finitely many states takes the sum above over all of them.
//  * For a Gaussian unit, p(s_i | s_-i) is a mixture of normal distributions of variance 1 / gamma,
//    one for each state of the others. So the trapezoidal rule with steps of 3/4 of a standard
//    deviation is exact but for 2 exp(-2 pi^2 16/9), about 1e-15.
// For a value between two states of a unit, it is the mean over a draw of the unit.
#pragma once
#include <optional>
#include <string>

#include "machine/energy.hpp"

namespace boltzkit {

class UnitConditionals {
 public:
  // The reason why units of the given layer `layer` have no such conditional, if there is one.
  // Assumes that the layers that are not given can be summed out.
  static std::optional<std::string> obstacle(const Machine& machine, const std::vector<bool>& given, std::size_t layer);
  // Number of terms of the sum (or about so many of the integral) for a unit of this layer; 0 if it
  // is coupled to given layers only.
  static double valuesPerUnit(const Machine& machine, const std::vector<bool>& given, std::size_t layer);

  // `rows` is the largest number of rows in one load. Requires that no given layer has an obstacle.
  // The machine's parameters must not change.
  UnitConditionals(const Machine& machine, const std::vector<bool>& given, std::size_t rows);

  // Loads new states. Later calls refer to their rows.
  void load(const States& states);
  // out[r] = the log-probability of unit number unit[r] of the given layer `layer` in row r; a
  // density for Gaussian units. NaN if an integral would take more than mostNodes terms.
  void logProbabilities(std::size_t layer, std::span<const std::uint32_t> unit, std::span<double> out);

  static constexpr double mostNodes = 1000;

 private:
  struct Neighbour {
    std::size_t layer;
    const Tensor* weights;  // [places of the given layer, places of the neighbour]
    TensorPtr own;          // holds these weights where the machine has only their transpose
  };
  // A given layer.
  struct Given {
    std::vector<Neighbour> neighbours;  // layers that are not given
    TensorPtr fields;                   // from given layers
    TensorPtr one;                      // grouped types: the states of one unit per row, else 0
    std::vector<double> field, states, parameters;
    std::vector<double> down, up;  // Gaussian: the least and the largest field from the neighbours
  };
  using Picked = std::span<const std::uint32_t>;

  void orient(std::size_t layer, Given& given) const;
  void addReach(std::size_t layer, Given& given) const;
  void direct(std::size_t layer, Picked unit, std::span<double> out) const;
  void summed(std::size_t layer, Picked unit, std::span<double> out);
  void integrated(std::size_t layer, Picked unit, std::span<double> out);
  void withoutUnits(std::size_t layer, Picked unit);
  void addCumulants(const Given& given, bool without, Picked place, std::span<double> out);
  // f x - U(x) of a unit in row r.
  double ownTerm(std::size_t layer, std::size_t r, std::size_t unit, const double* x) const;

  const Machine& machine_;
  std::vector<bool> givenLayers_;
  std::vector<Given> given_;                 // by layer; empty if not given
  std::vector<TensorPtr> fields_, without_;  // by layer that is not given; `without` one unit
  DoublesPtr sums_;
  std::vector<double> amount_, part_;
  std::vector<std::uint32_t> place_;
};

}  // namespace boltzkit
