// Estimates the work of a call in multiply-adds, to decide if it is worth a thread. Uses doubles,
// so that estimates cannot overflow.
#pragma once
#include "machine/machine.hpp"
#include "network/network.hpp"

namespace boltzkit::binding {

class Cost {
 public:
  explicit Cost(const Machine& machine) : single_(machine.backend().precision() == Precision::float32) {
    for (const Coupling& c : machine.wiring().couplings())
      sweep_ += c.graph ? 2 * static_cast<double>(c.graph->weights())
                        : static_cast<double>(machine.places(c.a)) * static_cast<double>(machine.places(c.b));
    for (const Layer& layer : machine.wiring().layers()) sweep_ += placeCost * static_cast<double>(layer.places);
  }

  explicit Cost(const Network& network) : single_(network.backend().precision() == Precision::float32), sweep_(network.work()) {
    for (const auto& layer : network.layers()) sweep_ += placeCost * static_cast<double>(layer->outputs());
  }

  // True if `passes` passes over all layers and `more` multiply-adds for each of `rows` rows are
  // little work.
  bool small(double rows, double passes, double more = 0) const { return rows * (passes * sweep_ + more) < small(); }

  // Number of passes of one row that block the event loop for a few milliseconds.
  double passesAtOnce() const { return 16 * small() / sweep_; }

 private:
  // A logistic function, a logarithm or a random number costs about this many multiply-adds of a
  // matrix product.
  static constexpr double placeCost = 30;

  double small() const { return single_ ? 2e6 : 2e5; }

  bool single_;
  double sweep_ = 0;
};

}  // namespace boltzkit::binding
