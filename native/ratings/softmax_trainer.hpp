// Trains a softmax rating machine by contrastive or persistent contrastive divergence over
// minibatches of cases.
//
// For an entry (case n, visible i) with category r, data means p and model means q of the case's
// hidden units, the gradient is
//
//   U_i[c] : p_c(r) p - E_model[p_c(v_i)] q      b_i(k) : [k = r] - P_model(v_i = k)      c : p - q
//
// (Salakhutdinov, Mnih & Hinton 2007, equations 6 and 7). A step moves the rows of visibles that the
// minibatch has entries of:
//
//   V <- m V + (1 - m) rate G;  U <- M + (1 - rate decay sqrt(100 / n)) (U - M) + V
//
// with n the visible's number of entries and M the mean row of all visibles as the epoch began (rows of
// visibles with few entries end near it). A decay without the root would pull as much for each entry,
// one with 100 / n would be one Gaussian prior for all rows; this lies between and predicts best. Between the steps that touch it a row only coasts, U <- U + V, V <- m V; n such steps are done
// at once, by their closed form, when the row is next read and at the end of an epoch.
//
// First the rows that the minibatch reads catch up, then each case is worked out by itself, then each
// visible: sums run over the cases in their order,
// so the bits do not depend on the number of threads.
#pragma once
#include <memory>
#include <optional>

#include "core/interrupt.hpp"
#include "core/thread_team.hpp"
#include "ratings/softmax_batch.hpp"
#include "ratings/softmax_case.hpp"

namespace boltzkit::ratings {

// All that a run goes on from, between two epochs.
struct SoftmaxState {
  std::uint64_t epoch = 0, update = 0, averagedEpochs = 0;
  LineFloats weights, weightVelocity, weightMean;     // [visibles, components, stride]
  std::vector<float> bias, biasVelocity, biasMean;    // [visibles, K]
  LineFloats hiddenBias, hiddenVelocity, hiddenMean;  // [stride]
  std::vector<std::uint8_t> chains;                   // [entries], empty without persistent chains
};

class SoftmaxTrainer {
 public:
  // Start values: small random weights, biases by the log frequencies of the categories.
  SoftmaxTrainer(std::shared_ptr<const RatedEntries> entries, const SoftmaxSpec& spec, const SoftmaxOptions& options);

  // Parameters of an older machine with as many hidden units, for the visibles that it knows.
  void adopt(const SoftmaxMachine& older);
  // Runs so many more epochs, no further than the options say. If it is cancelled, the trainer
  // refuses all but `restore`.
  void run(std::size_t epochs, const Cancelled& cancelled);

  std::size_t epoch() const { return epoch_; }
  // The cases of the next epoch, in the order of its minibatches.
  std::vector<std::uint32_t> order() const;
  const SoftmaxOptions& options() const { return options_; }
  // The machine as it is now; where epochs have been averaged, their mean. Visibles without entries
  // have the mean row.
  std::shared_ptr<const SoftmaxMachine> machine() const;
  SoftmaxState state() const;
  void restore(const SoftmaxState& state);
  std::size_t bytes() const;

 private:
  const EntryRows& side() const { return options_.byItem ? entries_->byItem() : entries_->byUser(); }
  void mapCategories();
  void startBiases();
  void startWeights();
  LineFloats meanRow(const LineFloats& weights) const;
  void runEpoch();
  void update(std::span<const std::uint32_t> cases, std::size_t sweeps, double rate);
  void stepVisible(std::uint32_t visible, double rate, float* gradient);
  void stepHidden(double rate);
  void coast(std::uint32_t visible, std::size_t to);
  void endEpoch();
  void average();
  void checkWhole() const;
  double rateNow() const;
  std::size_t sweepsNow() const;

  std::shared_ptr<const RatedEntries> entries_;
  SoftmaxOptions options_;
  SoftmaxMachine machine_;
  ThreadTeam team_;
  std::uint8_t categoryOfCode_[256] = {};
  std::vector<std::uint32_t> cases_, counts_;  // cases with entries; entries of each visible
  LineFloats weightVelocity_, hiddenVelocity_, centre_, weightMean_, hiddenMean_;
  std::vector<float> biasVelocity_, biasMean_;
  std::vector<std::uint8_t> chains_;
  std::size_t epoch_ = 0, averagedEpochs_ = 0, step_ = 0;  // step_: within the epoch
  std::uint64_t update_ = 0;
  bool torn_ = false;
  std::vector<std::uint32_t> reached_;  // the step of the epoch up to which each visible's row has come
  std::vector<float> travel_, slowed_;  // of n coasting steps: how far, and what is left of the velocity
  SoftmaxBatch batch_;
  std::vector<CaseScratch> scratch_;
  std::vector<LineFloats> gradients_;  // by thread
};

}  // namespace boltzkit::ratings
