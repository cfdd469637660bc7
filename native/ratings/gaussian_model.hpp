// A trained Gaussian rating machine: kept samples of its parameters, and what they say about a user.
//
// A user's vector is integrated out in every sample: given the ratings of one user it is normal with
//   precision P = Lambda + alpha A'A and mean P^-1 (Lambda m + alpha A'(v - b)),
// A the rows (w_i, 1) of the items rated. Known and new users are answered alike. What is predicted is
// the mixture over the samples.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/thread_team.hpp"
#include "ratings/gaussian_buffers.hpp"
#include "ratings/gaussian_kernels.hpp"
#include "ratings/gaussian_state.hpp"

namespace boltzkit::ratings {

// One draw of all that a prediction needs; k = hidden + 1, stride = factorStride(hidden).
struct GaussianSample {
  std::vector<float> factors;     // w [items, stride], padded with zeros
  std::vector<float> biases;      // b [items]
  std::vector<double> mean;       // mu of users [k]
  std::vector<double> precision;  // Lambda of users [k, k]
  std::vector<float> weights;     // D of users [items, k]; empty without the conditional layer
  double noise = 1;               // alpha
};

// From latent values to the values of a scale: P(at most value j) = Phi((cut_j - f) / spread).
struct ValueScale {
  std::vector<double> values;  // rising, as rated
  std::vector<double> cuts;    // [values - 1], rising, in units of centred and scaled values
  double spread = 1;           // standard deviation of the noise that goes with the cuts
};

struct GivenEntries {
  std::span<const std::uint32_t> items;  // each below the number of items, none twice
  std::span<const float> values;
};

struct RatingPrediction {
  double mean = 0, variance = 0;
  std::vector<double> probabilities;  // [values of the scale]
};

class GaussianModel {
 public:
  GaussianModel(std::size_t items, std::size_t hidden, double centre, double scale, ValueScale values,
                const GaussianKernels& kernels = gaussianKernels());

  void add(GaussianSample sample);  // throws Error{shape} where its sizes are not those of the model
  std::size_t items() const { return items_; }
  std::size_t hidden() const { return hidden_; }
  double centre() const { return centre_; }
  double scale() const { return scale_; }
  const ValueScale& values() const { return values_; }
  const std::vector<GaussianSample>& samples() const { return samples_; }

  // E[r] of all items for each user, out [users, items]; with `atLeast` P(r >= atLeast).
  void scores(std::span<const GivenEntries> users, const double* atLeast, ThreadTeam& team, std::span<float> out) const;
  std::vector<RatingPrediction> predict(const GivenEntries& user, std::span<const std::uint32_t> items) const;

  // The mean cosine of the latent vectors of all items with that of one, out [items].
  void similar(std::size_t item, std::span<float> out) const;
  // What each entry adds to E[r] of an item, by its rating and by that it was rated, out [entries]; the
  // rest of E[r] is what is known without any of them.
  void contributions(const GivenEntries& user, std::size_t item, std::span<double> out) const;

  // The posterior of a user's vector in every sample.
  struct Posterior {
    Posterior(std::size_t samples, std::size_t k, std::size_t stride);
    Aligned<float> latent;     // mean [samples, stride], padded with zeros
    Aligned<double> cholesky;  // U of P = U'U [samples, k, matrixStride(k)]
    std::vector<double> bias;  // mean [samples]
  };
  struct Scratch;
  void foldIn(const GivenEntries& user, Scratch& scratch, Posterior& posterior) const;

 private:
  void prior(const GaussianSample& sample, const GivenEntries& user, Scratch& scratch) const;
  void meanScores(const std::vector<Posterior>& users, std::size_t first, std::size_t last, float* out) const;
  void chances(const std::vector<Posterior>& users, std::size_t first, std::size_t last, double atLeast, float* out) const;
  // Mean and variance of the latent value of an item in one sample, without noise.
  struct Moments {
    double mean, variance;
  };
  Moments moments(const Posterior& user, std::size_t sample, std::size_t item, double* room) const;

  const std::size_t items_, hidden_, k_, stride_;
  const double centre_, scale_;
  const ValueScale values_;
  const GaussianKernels& kernels_;
  std::vector<GaussianSample> samples_;
};

}  // namespace boltzkit::ratings
