// The Gaussian rating machine: its options and all that its sampler knows.
//
// Energy, for users u with the vector h_u and items i with the vector w_i:
//   E = alpha/2 sum_rated (v_ui - h_u' w_i - b_u - b_i)^2
//     + 1/2 sum_u (x_u - m_u)' Lambda (x_u - m_u),  x_u = (h_u, b_u),  m_u = mu + D' c_u + S' s_u
//     + the same over items, x_i = (w_i, b_i).
// v is centred and scaled; c_u says which items the user rated, 1 / sqrt(n) each (the conditional
// layer of Salakhutdinov, Mnih & Hinton 2007); s_u are side features. Both are clamped.
// mu and Lambda have Normal-Wishart priors, D and S normal ones with Wishart precision, alpha a
// gamma prior: Salakhutdinov & Mnih 2008, equations 5 to 16. What is ours: the clamped layers on
// both sides, biases as components of x, and D by Gibbs in a basis where its components separate.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace boltzkit::ratings {

struct GaussianOptions {
  std::size_t hidden = 32;
  std::uint64_t seed = 0;
  double centre = 0, scale = 1;  // of values: v = (value - centre) / scale
  // Whether what was rated is a clamped layer, of users and of items.
  bool usersConditional = true, itemsConditional = true;
  // Priors: Wishart(I / priorScale, k + priorFreedom) for each precision matrix of k = hidden + 1
  // components, mu ~ N(0, (meanWeight Lambda)^-1), alpha ~ Gamma(noiseShape, noiseRate).
  double priorScale = 1, priorFreedom = 50, meanWeight = 1, noiseShape = 1, noiseRate = 1;
  double weightsScale = 1, weightsFreedom = 50;  // the same of D and S
  // The freedoms above are at most this share of the rows (or units) that the matrix is of: priors of
  // small data sets stay weak.
  double freedomShare = 0.05;
  // Ordinal visibles: v is a latent value that cut points made a value of the scale of. Its precision
  // alpha is fixed, which fixes the unit; cuts ~ N(half way between values, cutSpread^2), rising.
  bool ordinal = false;
  std::vector<double> values;  // of the scale, rising; needed by ordinal visibles
  double ordinalNoise = 2, cutSpread = 3;
};

inline std::size_t componentsOf(const GaussianOptions& options) { return options.hidden + 1; }

// Weights of one clamped layer.
struct GaussianLayer {
  std::vector<float> weights;     // [units, k], row-major
  std::vector<double> precision;  // [k, k]
};

// Users, or items. k = hidden + 1: the latent vector, then the bias.
struct GaussianSideState {
  std::vector<float> factors;         // [rows, stride], padded with zeros
  std::vector<float> biases;          // [rows]
  std::vector<double> mean;           // mu [k]
  std::vector<double> precision;      // Lambda [k, k]
  std::vector<GaussianLayer> layers;  // what was rated, if it is clamped; then side features
};

struct GaussianState {
  std::uint64_t sweeps = 0;
  double noise = 1;            // alpha, a precision
  std::vector<double> cuts;    // of ordinal visibles [values - 1]
  GaussianSideState sides[2];  // users, items
};

}  // namespace boltzkit::ratings
