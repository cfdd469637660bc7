// Hidden units beside the couplings of a Gaussian machine of interactions. Given what a user has, x,
// the next item is one softmax unit with the logits
//   z_j = s log(max(S_j, 0) + floor) + b_j + sum over f of V_fj h_f,
//   S = x B,   h_f = tanh(c_f + sum over i of W_if x_i / sqrt(|x|)),
// a product of two experts: the couplings' conditional means, and F spin units that stand at their
// means given x. The couplings are frozen; W, c, V, b and s are trained by the denoising likelihood:
// part of a user's entries is input, the rest is what the softmax has to find among all items that are
// not input (Liang et al., "Variational autoencoders for collaborative filtering", 2018, section 2.1,
// has the multinomial likelihood; Kim & Suh 2019 and Vancura & Kordik 2021 have products with linear
// models). Here users are scored in training by couplings that were solved without them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/thread_team.hpp"
#include "ratings/couplings.hpp"
#include "ratings/rated_entries.hpp"

namespace boltzkit::ratings {

struct HiddenOptions {
  std::size_t units = 100;
  std::size_t batch = 250;
  float floor = 0.01f;
  float learningRate = 1e-4f;
  float l2 = 1e-3f;
  // The part of a user's entries that is input is drawn between these for every user and epoch.
  float leastKept = 0.5f, mostKept = 0.9f;
  // Of the input, the chance that the hidden units do not see an entry.
  float dropout = 0.5f;
  // A user with n targets counts as n^weight.
  float weight = 0.5f;
  bool biases = false;
  std::uint64_t seed = 0;
};

// All parameters, as a file has them.
struct HiddenParameters {
  std::vector<float> in;       // W [items, units], row-major
  std::vector<float> inBias;   // c [units]
  std::vector<float> out;      // V [units, items], row-major
  std::vector<float> outBias;  // b [items]
  float strength = 2.5f;       // s
  float floor = 0.01f;
};

// The same in memory that somebody else holds.
struct HiddenView {
  std::span<const float> in, inBias, out, outBias;
  float strength, floor;
};

// Turns scores [users, items] by the couplings into logits, in place; rows: what the users have.
void addHidden(const HiddenView& parameters, std::size_t items, const UserRows& rows, const MatrixKernels& kernels, ThreadTeam& team,
               std::span<float> scores);

class HiddenTrainer {
 public:
  // couplings: one matrix [items, items] per fold; user u is scored by couplings[fold[u]]. They and
  // the entries must outlive the trainer. Users of a fold that is none are left out.
  HiddenTrainer(const RatedEntries& entries, std::vector<std::span<const float>> couplings, std::span<const std::uint8_t> fold,
                const HiddenOptions& options, const MatrixKernels& kernels);

  // One pass over all users; returns the mean negative log-likelihood per user in nats per target, of
  // weighted users. Same bits on any number of threads. Polls for interruption between batches, after
  // which training must not go on.
  double epoch(ThreadTeam& team);

  const HiddenParameters& parameters() const { return now_; }
  std::size_t epochs() const { return epochs_; }

 private:
  // One user of a batch.
  struct Case {
    std::uint32_t user = 0;
    std::vector<std::uint32_t> input, seen, targets;
    std::vector<float> ones;
    float scale = 0;  // 1 / sqrt(|input|)
    double weight = 0, loss = 0, strength = 0;
  };
  struct Moments {
    std::vector<float> first, second;
  };

  void order();
  void prepare(Case& one, std::size_t row, std::uint32_t user);
  void draw(Case& one);
  void softmax(Case& one, std::size_t row, double total);
  void hiddenGradients(std::size_t row);
  void stepOutput(std::size_t firstColumn, std::size_t rows);
  void stepInput(std::size_t firstUnit, std::size_t rows);
  void stepRest(std::size_t rows);
  void adam(float* values, const float* gradient, Moments& moments, std::size_t first, std::size_t count, float rate, float l2) const;

  const EntryRows& users_;
  std::vector<std::span<const float>> couplings_;
  std::vector<std::uint8_t> fold_;
  const HiddenOptions options_;
  const MatrixKernels& kernels_;
  const std::size_t items_, units_;
  HiddenParameters now_;
  Moments inMoments_, inBiasMoments_, outMoments_, outBiasMoments_, strengthMoments_;
  std::vector<std::uint32_t> order_;
  std::size_t epochs_ = 0, steps_ = 0;
  float correction_ = 1, rootCorrection_ = 1;  // of Adam's moments

  std::vector<Case> cases_;
  std::vector<float> logits_;        // [batch, items], then their gradient
  std::vector<float> logScores_;     // [batch, items]: log(max(S, 0) + floor)
  std::vector<float> hidden_;        // [batch, units]
  std::vector<float> hiddenSlopes_;  // [batch, units]: gradient at the units' fields
  std::vector<float> outTurned_;     // V transposed, [items, units]
  std::vector<float> gradient_;      // [items * units]: of V, then of W
  std::vector<std::uint32_t> allItems_, allUnits_, allRows_;
};

}  // namespace boltzkit::ratings
