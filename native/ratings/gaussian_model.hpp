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
  // Room for `capacity` samples; `conditional`: whether they have weights of what a user rated.
  GaussianModel(std::size_t items, std::size_t hidden, std::size_t capacity, bool conditional, double centre, double scale,
                const GaussianKernels& kernels = gaussianKernels());

  // Throws Error{shape} where there is no room, or its sizes are not those of the model.
  void add(const GaussianSample& sample);
  void setValues(ValueScale values) { values_ = std::move(values); }
  // Ratings are ordinal: what is given is latent, and E[r] is that of P(r). Needs values.
  void setOrdinal() { ordinal_ = true; }
  bool ordinal() const { return ordinal_; }
  std::size_t items() const { return items_; }
  std::size_t hidden() const { return hidden_; }
  double centre() const { return centre_; }
  double scale() const { return scale_; }
  const ValueScale& values() const { return values_; }
  std::size_t samples() const { return hyper_.size(); }
  GaussianSample sample(std::size_t number) const;  // a copy

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
    // `covariances`: whether the Cholesky factors of all samples are kept, or the last alone.
    Posterior(std::size_t capacity, std::size_t k, std::size_t stride, bool covariances);
    double* choleskyOf(std::size_t sample) const { return cholesky.get() + (covariances ? sample * matrix : 0); }
    Aligned<float> latent;     // mean [capacity, stride], padded with zeros
    Aligned<double> cholesky;  // U of P = U'U [samples or 1, k, matrixStride(k)]
    std::vector<double> bias;  // mean [samples]
    bool covariances;
    std::size_t matrix;  // k * matrixStride(k)
  };
  void foldIn(const GivenEntries& user, Posterior& posterior) const;

 private:
  struct Scratch;
  void foldIn(const GivenEntries& user, Scratch& scratch, Posterior& posterior) const;
  // What one call needs, kept for the next: memory fresh from the system takes longer than folding in.
  struct Room;
  struct Rooms;
  std::shared_ptr<Room> room() const;
  void prior(std::size_t sample, const GivenEntries& user, Scratch& scratch) const;
  // Latent values of ordinal ratings and the user's vector, each given the other, in turn.
  void foldInOrdinal(const GivenEntries& user, std::size_t sample, Scratch& scratch, double* cholesky) const;
  void meanScores(std::span<const Posterior> users, std::size_t first, std::size_t last, float* out) const;
  // P(r >= atLeast), or E[r] of ordinal ratings where that is null.
  void chances(std::span<const Posterior> users, std::size_t first, std::size_t last, const double* atLeast, float* out) const;
  // Mean and variance of the latent value of an item in one sample, without noise.
  struct Moments {
    double mean, variance;
  };
  Moments moments(const Posterior& user, std::size_t sample, std::size_t item, double* room) const;

  const float* factors(std::size_t item, std::size_t sample) const { return factors_.get() + (item * capacity_ + sample) * stride_; }
  float bias(std::size_t item, std::size_t sample) const { return biases_[item * capacity_ + sample]; }

  struct Hyper {
    std::vector<double> mean, precision;
    double noise;
  };

  const std::size_t items_, hidden_, k_, stride_, capacity_;
  const bool conditional_;
  bool ordinal_ = false;
  const double centre_, scale_;
  ValueScale values_;
  const GaussianKernels& kernels_;
  std::vector<Hyper> hyper_;
  std::shared_ptr<Rooms> rooms_;
  // An item's rows of all samples lie together: fold-in reads few pages, and E[r] is one long product.
  Aligned<float> factors_;           // [items, capacity, stride]
  Aligned<float> weights_;           // of what was rated, latent part [items, capacity, stride], or nothing
  std::vector<float> biases_;        // [items, capacity]
  std::vector<float> weightBiases_;  // [items, capacity], or nothing
  std::vector<float> biasSums_;      // over samples [items]
};

}  // namespace boltzkit::ratings
