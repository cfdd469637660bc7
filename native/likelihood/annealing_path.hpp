// A path of distributions from independent units to a machine,
//   E_beta = (1 - beta) E_0 + beta E_1,   p*_beta(s) = m(s) exp(-E_beta(s)).
// E_0 is the energy of units of the same types without couplings. m is the units' own measure
// (binomial, counts), which no temperature changes.
// Unit parameters can be added (`combine` of the unit types). So E_beta / beta is the energy of a
// machine with the same couplings and unit parameters theta_1 + (1 - beta) / beta theta_0. A step
// at beta is an ordinary Gibbs step of that machine at inverse temperature beta.
//
// Layers that are coupled neither to each other nor to themselves are summed out in closed form.
// This removes their share of the variance of log weights (Salakhutdinov & Murray, ICML 2008,
// section 4.1). Given layers keep their states; they enter E_beta only through couplings.
#pragma once
#include <vector>

#include "machine/energy.hpp"
#include "machine/gibbs.hpp"

namespace boltzkit {

class AnnealingPath {
 public:
  enum class Role : std::uint8_t { given, kept, summed };
  // Unit parameters of E_0: per layer one vector [parameters, places], empty for given layers.
  using Base = std::vector<std::vector<double>>;

  // A point on the path, for steps and increments.
  class Point {
   public:
    double beta() const { return beta_; }

   private:
    friend class AnnealingPath;
    double beta_ = 0;
    std::vector<TensorPtr> parameters_;  // per layer; null if given
  };

  // `rows` is the largest number of chains processed together. Summed layers must not be coupled to
  // each other or to themselves.
  AnnealingPath(const Machine& machine, std::vector<Role> roles, Base base, std::size_t rows);

  // Assigns the roles. Layers that are not given are summed out where possible, greedily from the
  // largest on; the others are kept.
  static std::vector<Role> roles(const Wiring& wiring, const std::vector<bool>& given);

  const std::vector<std::size_t>& kept() const { return kept_; }
  // log Z_0 of the layers that are not given.
  double logBase() const { return logBase_; }
  // Draws the kept layers from p_0.
  void drawBase(States& states, const Round& round) const;

  Point point(double beta) const;
  void move(Point& point, double beta) const;

  // follow(true): until the next call, all states belong to one set of chains, step after step. If
  // the backend can round the weights, the path then leads to the machine with rounded weights;
  // addRounding covers the last step from there to the exact machine. Add it once, or subtract it
  // once in reverse. Otherwise fields are updated with the units that changed since the previous
  // step, and recomputed every few steps.
  // follow(false), the default: states may come from anywhere, and the path leads to the exact
  // machine.
  void follow(bool oneSet);

  // Loads states. The following functions refer to them until the next call.
  void load(const States& states);
  // out += log p*_to(s) - log p*_from(s), with the summed layers summed out.
  void addIncrements(const Point& from, const Point& to, std::span<double> out);
  // out += sign * (log p* of the exact machine - log p*_1), for the states last loaded.
  void addRounding(const States& states, double sign, std::span<double> out);
  // One Gibbs step that keeps p_beta, on the states last loaded. `backwards` reverses the order of
  // the kept layers, for the time reversal of a forward step. Units of a layer that is coupled to
  // itself are swept in the same order either way.
  void step(const Point& at, States& states, Round round, bool backwards);

 private:
  // A neighbour's states as they are accounted for in a layer's fields.
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
  void addCumulants(const Units& units, const Tensor& fields, double beta, double factor, std::span<double> out);

  const Machine& machine_;
  std::vector<Role> roles_;
  Base base_, target_;
  std::vector<std::size_t> kept_, summed_;
  std::vector<std::size_t> couplings_;  // those between given or kept layers, not both given
  BlockGibbs gibbs_;
  std::vector<TensorPtr> baseParameters_, products_;
  // By the layer with the fields; empty if they are always recomputed.
  std::vector<std::vector<Seen>> seen_;
  // Per layer: incremental updates of its fields.
  std::vector<std::uint64_t> moves_;
  bool following_ = false, rounding_ = false;
  double logBase_ = 0, baseCumulants_ = 0;
  DoublesPtr sums_;  // [rows]
  // slope: d log p* / d beta of everything except the summed layers.
  std::vector<double> slope_, part_;
};

}  // namespace boltzkit
