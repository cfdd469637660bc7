// The layers of a Bernoulli RBM on OpenBLAS' sgemm, and training; see openblas_rbm.cpp.
#pragma once
#include <cblas.h>
#include <omp.h>

#include "harness.hpp"

inline std::vector<Random> randoms;  // one per thread
constexpr int kMostUnits = 4096;

inline float sigmoid(float z) { return 1.0f / (1.0f + std::exp(-std::min(80.0f, std::max(-80.0f, z)))); }

// z [rows, n] holds fields without bias; leaves probabilities in z and, if s is given, draws 0/1 in s.
inline void activate(float* z, float* s, const float* bias, int rows, int n, float beta = 1) {
#pragma omp parallel for schedule(static)
  for (int i = 0; i < rows; ++i) {
    float* p = z + static_cast<std::size_t>(i) * n;
    for (int j = 0; j < n; ++j) p[j] = sigmoid(beta * p[j] + bias[j]);
    if (!s) continue;
    alignas(64) float u[kMostUnits];
    randoms[omp_get_thread_num()].fill(u, n);
    float* q = s + static_cast<std::size_t>(i) * n;
    for (int j = 0; j < n; ++j) q[j] = u[j] < p[j] ? 1.0f : 0.0f;
  }
}

// Fields without biases.
inline void fieldsUp(const Rbm& r, const float* v, int rows, float* z) {
  const auto [visible, hidden, batch] = r.size;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, hidden, visible, 1, v, visible, r.weights.data(), hidden, 0, z, hidden);
}
inline void fieldsDown(const Rbm& r, const float* h, int rows, float* z) {
  const auto [visible, hidden, batch] = r.size;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, visible, hidden, 1, h, hidden, r.weights.data(), hidden, 0, z, visible);
}

inline void up(const Rbm& r, const float* v, int rows, float* probability, float* draw) {
  fieldsUp(r, v, rows, probability);
  activate(probability, draw, r.hiddenBias.data(), rows, r.size.hidden);
}
inline void down(const Rbm& r, const float* h, int rows, float* probability, float* draw) {
  fieldsDown(r, h, rows, probability);
  activate(probability, draw, r.visibleBias.data(), rows, r.size.visible);
}

class Trainer {
 public:
  Trainer(Rbm& rbm, int steps, bool persistent)
      : r_(rbm),
        steps_(steps),
        persistent_(persistent),
        batch_(rbm.size.batch),
        rate_(persistent ? kPersistentRate : kRate),
        weightsStep_(rbm.weights.size()),
        visibleStep_(rbm.visibleBias.size()),
        hiddenStep_(rbm.hiddenBias.size()),
        dataHidden_(batch_ * hiddenStep_.size()),
        hidden_(dataHidden_),
        visibleMean_(batch_ * visibleStep_.size()),
        visible_(visibleMean_),
        lastHidden_(dataHidden_) {}

  void epoch(const Vec& rows) {
    const std::size_t batch = visible_.size();
    for (std::size_t at = 0; at + batch <= rows.size(); at += batch) update(&rows[at]);
  }

 private:
  void update(const float* v0) {
    up(r_, v0, batch_, dataHidden_.data(), persistent_ ? nullptr : hidden_.data());  // hidden_ keeps the chains when persistent
    for (int k = 1; k <= steps_; ++k) {
      down(r_, hidden_.data(), batch_, visibleMean_.data(), visible_.data());
      up(r_, visible_.data(), batch_, lastHidden_.data(), k < steps_ || persistent_ ? hidden_.data() : nullptr);
    }
    stepWeights(v0);
    stepBias(r_.visibleBias, visibleStep_, v0, visible_.data());
    stepBias(r_.hiddenBias, hiddenStep_, dataHidden_.data(), lastHidden_.data());
  }

  void stepWeights(const float* v0) {  // the momentum rides on the first product's beta
    const auto [visible, hidden, batch] = r_.size;
    float *w = r_.weights.data(), *m = weightsStep_.data();
    const float scale = rate_ / static_cast<float>(batch), decay = rate_ * kDecay;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, visible, hidden, batch, scale, v0, visible, dataHidden_.data(), hidden, kMomentum,
                m, hidden);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, visible, hidden, batch, -scale, visible_.data(), visible, lastHidden_.data(),
                hidden, 1, m, hidden);
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < static_cast<long>(r_.weights.size()); ++i) {
      m[i] -= decay * w[i];
      w[i] += m[i];
    }
  }

  void stepBias(Vec& bias, Vec& step, const float* plus, const float* minus) {
    const std::size_t n = bias.size();
    const float scale = rate_ / static_cast<float>(batch_);
    for (auto& x : step) x *= kMomentum;
    for (int i = 0; i < batch_; ++i)
      for (std::size_t j = 0; j < n; ++j) step[j] += scale * (plus[i * n + j] - minus[i * n + j]);
    for (std::size_t j = 0; j < n; ++j) bias[j] += step[j];
  }

  Rbm& r_;
  int steps_;
  bool persistent_;
  int batch_;
  float rate_;
  Vec weightsStep_, visibleStep_, hiddenStep_;
  Vec dataHidden_, hidden_, visibleMean_, visible_, lastHidden_;
};
