#include "network/loss.hpp"

namespace boltzkit {

void Loss::gradient(const Tensor& mean, const Tensor& target, Tensor& gradient) const {
  const double factor = kind_ == LossKind::likelihood ? 1 : 2;
  backend_.axpby(factor, mean, 0, gradient);
  backend_.axpby(-factor, target, 1, gradient);
}

void Loss::values(const Units& units, const Tensor& fields, const Tensor& mean, const Tensor& target, Tensor& scratch, Doubles& out) const {
  if (kind_ == LossKind::likelihood) {
    backend_.cumulants(units, fields, 1, nullptr, {&out});
    backend_.unitEnergies(units, target, {&out, 1, true});
    backend_.rowDots(fields, target, {&out, -1, true});
    return;
  }
  backend_.axpby(1, mean, 0, scratch);
  backend_.axpby(-1, target, 1, scratch);
  backend_.rowDots(scratch, scratch, {&out});
}

}  // namespace boltzkit
