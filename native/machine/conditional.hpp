// The units of one layer of a machine given another layer alone, as if there were no others:
//   p(t | g) = exp(f . t - U(t) - C(f)) for each unit, with its field f = g W and cumulant C.
// Between layers 0 and 1 of a machine of two layers these are its exact conditionals; in a stack of
// machines one direction is the recognition of a level, the other its generation.
#pragma once
#include "machine/machine.hpp"

namespace boltzkit {

// Names the random words of draws: row r of a tensor is chain firstChain + r.
struct DrawWords {
  Stream stream;
  std::uint32_t firstChain = 0;
};

class Conditional {
 public:
  // Scratch for up to `rows` rows. Throws ParameterError unless the layers are coupled, the target
  // not to itself, and its units keep no totals.
  Conditional(Backend& backend, const Machine& machine, std::size_t given, std::size_t target, std::size_t rows);

  std::size_t target() const { return target_; }
  // The machine's coupling between the two layers, and whether its weights are [given, target].
  std::size_t coupling() const { return coupling_; }
  bool upright() const { return upright_; }
  const Machine& machine() const { return machine_; }

  // The accuracy of the fields behind draws and means from now on; see FieldTerm. At first it is
  // full.
  void setAccuracy(Accuracy accuracy, std::uint64_t reuse = unlimitedReuse) { accuracy_ = accuracy, reuse_ = reuse; }

  // out [rows, places of the target] = draws; `given` is [rows, places of the given layer].
  void draw(const Tensor& given, const DrawWords& words, Tensor& out);
  void means(const Tensor& given, Tensor& out);
  // The fields of the last call, for types whose statistics are not linear.
  const Tensor& fields() const { return *fields_; }

  // sum (+)= factor * log p(target | given), of full accuracy.
  void logLikelihoods(const Tensor& given, const Tensor& target, const RowSum& sum);
  // sum (+)= factor * H(p(. | given)) in nats: the mean of -log p. Exact where the energy of a unit is
  // linear in its state; for other types -log p of `drawn`, whose mean it is.
  void entropies(const Tensor& given, const Tensor& drawn, const RowSum& sum);

 private:
  FieldTerm term(const Tensor& given, Accuracy accuracy) const;
  void refreshFields(const Tensor& given);

  Backend& backend_;
  const Machine& machine_;
  std::size_t target_, coupling_ = 0;
  bool upright_ = true;
  Accuracy accuracy_ = Accuracy::full;
  std::uint64_t reuse_ = unlimitedReuse;
  TensorPtr fields_, means_;  // [rows, places of the target]
};

}  // namespace boltzkit
