// One side of the Gaussian rating machine, users or items: draws its hyper-parameters, the weights
// of its clamped layers and its vectors, each from its conditional distribution.
#pragma once
#include <span>

#include "core/thread_team.hpp"
#include "ratings/gaussian_kernels.hpp"
#include "ratings/gaussian_latent.hpp"
#include "ratings/gaussian_layer.hpp"
#include "ratings/gaussian_state.hpp"
#include "ratings/rated_entries.hpp"

namespace boltzkit::ratings {

// The normal distribution of one row's components given everything else, in double precision.
struct RowPosterior {
  std::vector<double> mean;       // [k]
  std::vector<double> precision;  // [k, k]
};

class GaussianSide {
 public:
  // `state` lives longer; a new one is filled with start values.
  GaussianSide(unsigned number, const EntryRows& entries, const GaussianOptions& options, std::vector<ClampedLayer> layers,
               GaussianSideState& state, const GaussianKernels& kernels);

  // mu, Lambda and the layers' weights, given the vectors.
  void drawPriors(std::uint64_t sweep, ThreadTeam& team);
  // All vectors, given the other side and the priors. Returns the sum of the squared errors after it.
  // With cut points, ratings are ordinal: latent values are drawn first, given the vectors before.
  double drawFactors(std::uint64_t sweep, const GaussianSideState& other, double noise, const CutScale* cuts, ThreadTeam& team);

  // m_row = mu + what the clamped layers add, [k].
  void priorMean(std::size_t row, std::span<double> mean) const;
  // Without a draw; plain and slow enough for tests and reports only.
  RowPosterior posterior(std::size_t row, const GaussianSideState& other, double noise) const;

 private:
  struct Scratch;
  void start();
  void residuals(ThreadTeam& team);
  void drawHyper(std::uint64_t sweep, ThreadTeam& team);
  void drawWeights(std::uint64_t sweep, unsigned layer, ThreadTeam& team);
  void gather(std::size_t row, const GaussianSideState& other, Scratch& scratch) const;
  void assemble(std::size_t row, std::span<const double> prior, double noise, Scratch& scratch) const;
  double drawRow(std::uint64_t sweep, std::size_t row, const GaussianSideState& other, double noise, const CutScale* cuts,
                 Scratch& scratch);
  void drawLatent(std::uint64_t sweep, std::size_t row, const GaussianSideState& other, const CutScale& cuts, Scratch& scratch) const;
  void sumTargets(std::size_t row, const GaussianSideState& other, Scratch& scratch) const;
  float component(std::size_t row, std::size_t c) const {
    return c < options_.hidden ? state_.factors[row * stride_ + c] : state_.biases[row];
  }

  const unsigned number_;
  const EntryRows& entries_;
  const GaussianOptions options_;
  const std::vector<ClampedLayer> layers_;
  GaussianSideState& state_;
  const GaussianKernels& kernels_;
  const std::size_t rows_, k_, stride_, wide_;  // wide_: k rounded up to a multiple of 4
  std::vector<float> residual_;                 // x - m, and then m; [rows, wide]
  std::vector<std::vector<float>> scales_;      // of normalised layers: [rows], 1 / sqrt(units of the row)
  std::vector<std::vector<double>> squares_;    // of layers: [units], the sum of the squared values of a unit
};

}  // namespace boltzkit::ratings
