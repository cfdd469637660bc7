// Annealed importance sampling on OpenBLAS (Salakhutdinov & Murray, ICML 2008, section 4.1): from units with the base rates a to the machine,
//   log p*_k(v) = (1 - k) a.v + k b.v + sum_j log(1 + exp(k x_j)),   x = W' v + c,   k the inverse temperature,
// hidden units summed out of the weights. One product up and one down per temperature: x serves the weight's two ends and the draw.
#pragma once
#include "openblas_rbm.hpp"

class Annealer {
 public:
  // `rows` are data [n, visible], for the base rates.
  Annealer(const Rbm& rbm, const Vec& rows, int temperatures)
      : r_(rbm), base_(rbm.size.visible), bias_(base_), slope_(base_), v_(kAnnealedChains * base_.size()), fields_(v_) {
    const std::size_t n = rows.size() / base_.size();
    std::vector<double> sum(base_.size(), 1);
    for (std::size_t i = 0; i < rows.size(); ++i) sum[i % base_.size()] += rows[i];
    for (std::size_t i = 0; i < base_.size(); ++i) {
      base_[i] = static_cast<float>(std::log(sum[i] / (static_cast<double>(n) + 2 - sum[i])));
      slope_[i] = r_.visibleBias[i] - base_[i];
      logBase_ += std::log1p(std::exp(base_[i]));
    }
    logBase_ += r_.size.hidden * std::log(2.0);
    h_.resize(static_cast<std::size_t>(kAnnealedChains) * r_.size.hidden);
    x_ = h_;
    // 500 up to 0.5, 4,000 up to 0.9, 10,000 up to 1, in this proportion.
    const double knots[][2] = {{0, 0}, {500 / 14500.0, 0.5}, {4500 / 14500.0, 0.9}, {1, 1}};
    for (int k = 0, piece = 0; k <= temperatures; ++k) {
      const double at = static_cast<double>(k) / temperatures;
      while (piece < 2 && at > knots[piece + 1][0]) ++piece;
      const auto &from = knots[piece], &to = knots[piece + 1];
      betas_.push_back(static_cast<float>(from[1] + (to[1] - from[1]) * (at - from[0]) / (to[0] - from[0])));
    }
  }

  // log Z.
  double run() {
    std::fill(fields_.begin(), fields_.end(), 0.0f);
    activate(fields_.data(), v_.data(), base_.data(), kAnnealedChains, r_.size.visible);
    logWeights_.assign(kAnnealedChains, 0);
    for (std::size_t k = 1; k < betas_.size(); ++k) {
      fieldsUp(r_, v_.data(), kAnnealedChains, x_.data());
      weighAndDraw(betas_[k - 1], betas_[k]);
      if (k + 1 == betas_.size()) break;
      fieldsDown(r_, h_.data(), kAnnealedChains, fields_.data());
      for (std::size_t i = 0; i < base_.size(); ++i) bias_[i] = base_[i] + betas_[k] * slope_[i];
      activate(fields_.data(), v_.data(), bias_.data(), kAnnealedChains, r_.size.visible, betas_[k]);
    }
    const double most = *std::max_element(logWeights_.begin(), logWeights_.end());
    double sum = 0;
    for (const double w : logWeights_) sum += std::exp(w - most);
    return logBase_ + most + std::log(sum / kAnnealedChains);
  }

 private:
  // Adds log p*_to(v) - log p*_from(v) to the log weights, and draws h at `to`. log(1 + exp(k x)) = max(k x, 0) + log(1 + exp(-k |x|)), so one
  // logarithm does for both ends, and the exponential of `to` for the draw as well.
  void weighAndDraw(float from, float to) {
    const int hidden = r_.size.hidden, visible = r_.size.visible;
    const float* c = r_.hiddenBias.data();
#pragma omp parallel for schedule(static)
    for (int row = 0; row < kAnnealedChains; ++row) {
      const float* z = &x_[static_cast<std::size_t>(row) * hidden];
      float* h = &h_[static_cast<std::size_t>(row) * hidden];
      const float* v = &v_[static_cast<std::size_t>(row) * visible];
      alignas(64) float u[kMostUnits];
      randoms[omp_get_thread_num()].fill(u, hidden);
      float linear = 0, curved = 0;
      for (int j = 0; j < hidden; ++j) {
        const float x = z[j] + c[j], size = std::min(80.0f, std::abs(x));
        const float low = std::exp(-from * size), high = std::exp(-to * size);
        linear += std::max(x, 0.0f);
        curved += std::log((1 + high) / (1 + low));
        h[j] = u[j] * (1 + high) < (x > 0 ? 1.0f : high) ? 1.0f : 0.0f;
      }
      for (int i = 0; i < visible; ++i) linear += slope_[i] * v[i];
      logWeights_[row] += (to - from) * linear + curved;
    }
  }

  const Rbm& r_;
  Vec base_, bias_, slope_, v_, fields_, h_, x_, betas_;
  std::vector<double> logWeights_;
  double logBase_ = 0;
};
