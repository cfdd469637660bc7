// Draws the weights of a clamped layer, unit by unit, given the vectors of the rows.
//
// x_r = m_r + sum_j c_rj D_j + e_r, e_r ~ N(0, Lambda^-1), D_j ~ N(0, Lambda_D^-1). In the basis T with
// T' Lambda T = I and T' Lambda_D T = diag(delta) all components are independent, so that each is a
// linear regression of its own: p(D_j | rest) = N((g + s D_j) / (delta + s), 1 / (delta + s)),
// s = sum_r c_rj^2, g = sum_r c_rj e_r. Residuals are kept, so a draw costs two passes over the unit's
// rows. Groups of components go to threads, which changes no bit.
#pragma once
#include <vector>

#include "core/random.hpp"
#include "core/thread_team.hpp"
#include "ratings/gaussian_layer.hpp"

namespace boltzkit::ratings {

struct WeightsProblem {
  const ClampedLayer& layer;
  const std::vector<float>& scales;    // [rows] where the layer is normalised
  const std::vector<double>& squares;  // [units]
  std::size_t rows, k, wide;
  const std::vector<double>& precision;         // Lambda [k, k]
  const std::vector<double>& weightsPrecision;  // Lambda_D [k, k]
};

// residual [rows, wide] and weights [units, k] are updated.
void sampleWeights(const WeightsProblem& problem, const Stream& stream, std::vector<float>& residual, std::vector<float>& weights,
                   ThreadTeam& team);

}  // namespace boltzkit::ratings
