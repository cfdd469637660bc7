// A path of distributions from independent units to a machine,
//   E_beta = (1 - beta) E_0 + beta E_1,   p*_beta(s) = m(s) exp(-E_beta(s)),
// with E_0 the energy of units of the same types without couplings, and m the units' own measure (binomial, counts), which no temperature changes.
// Since the parameters of a unit's energy can be added up (`combine` of the unit types), E_beta / beta is the machine with the same couplings
// and the unit parameters theta_1 + (1 - beta) / beta theta_0: a step at beta is an ordinary Gibbs step of that machine at inverse temperature beta.
//
// Layers that are coupled neither to each other nor to themselves are summed out in closed form, which takes their share of the variance from
// log weights (Salakhutdinov & Murray, ICML 2008, section 4.1); given layers keep their states and have no part in E_0 and E_beta but by couplings.
#pragma once
#include <vector>

#include "machine/energy.hpp"
#include "machine/gibbs.hpp"

namespace boltzkit {

class AnnealingPath {
 public:
  enum class Role : std::uint8_t { given, kept, summed };
  // Unit parameters of E_0 by layer, [parameters, places] in one vector each; empty for given layers.
  using Base = std::vector<std::vector<double>>;

  // A place on the path, for steps and differences there.
  class Point {
   public:
    double beta() const { return beta_; }

   private:
    friend class AnnealingPath;
    double beta_ = 0;
    std::vector<TensorPtr> parameters_;  // of every layer but given ones
  };

  // `rows`: the largest number of chains that go together. No two summed layers may be coupled, nor one to itself.
  AnnealingPath(const Machine& machine, std::vector<Role> roles, Base base, std::size_t rows);

  // Sums out what it can of the layers that are not given, large layers before small ones.
  static std::vector<Role> roles(const Wiring& wiring, const std::vector<bool>& given);

  const std::vector<std::size_t>& kept() const { return kept_; }
  // log Z_0 of the layers that are not given.
  double logBase() const { return logBase_; }
  // Draws the kept layers from p_0.
  void drawBase(States& states, const Round& round) const;

  Point point(double beta) const;
  void move(Point& point, double beta) const;

  // Until the next call all states are those of one set of chains, from step to step. Where the backend can round the weights, the path then leads to the
  // machine with rounded ones, and addRounding takes the last step from there to the machine itself: to be added, or taken away in reverse, once. Elsewhere only
  // units that changed since the step before are added to or taken from fields, which are made anew every few steps. False (as in the beginning): any
  // states may come, and the path leads to the machine.
  void follow(bool oneSet);

  // Takes in states; what follows is about these until the next call.
  void load(const States& states);
  // out += log p*_to(s) - log p*_from(s), the summed layers summed out.
  void addIncrements(const Point& from, const Point& to, std::span<double> out);
  // out += sign * (log p* of the machine - log p*_1) of the states last loaded.
  void addRounding(const States& states, double sign, std::span<double> out);
  // One Gibbs step that keeps p_beta, of the states last loaded. `backwards` is the time reversal of the other direction, as far as the
  // order of layers goes; units of a layer that is coupled to itself are swept in one order either way.
  void step(const Point& at, States& states, Round round, bool backwards);

 private:
  // A layer's states as its neighbour's fields have them.
  struct Seen {
    std::size_t layer, coupling;
    bool transposed;
    TensorPtr states;
  };

  std::vector<Seen> neighbours(std::size_t layer, std::size_t rows) const;
  bool mayRound() const;
  void bringFields(std::size_t layer, const States& states);
  void combine(std::size_t layer, double beta, Tensor& out) const;
  void addCumulants(const Point& at, double sign, std::span<double> out);

  const Machine& machine_;
  std::vector<Role> roles_;
  Base base_, target_;
  std::vector<std::size_t> kept_, summed_;
  std::vector<std::size_t> couplings_;  // between layers that are given or kept, not both given
  BlockGibbs gibbs_;
  std::vector<TensorPtr> baseParameters_, products_;
  std::vector<std::vector<Seen>> seen_;  // by the layer with the fields; empty where they are always made anew
  std::vector<std::uint64_t> moves_;     // of a layer's fields, since they were made anew
  bool following_ = false, rounding_ = false;
  double logBase_ = 0, baseCumulants_ = 0;
  std::vector<double> slope_, part_;  // slope: d log p* / d beta of all but the summed layers
};

}  // namespace boltzkit
