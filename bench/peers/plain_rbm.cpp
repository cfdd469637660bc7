// A small machine without any library: CD-1 in straightforward loops over float arrays, on one thread, with a vectorised sigmoid and xoshiro128+.
// The same update as openblas_rbm.cpp. For machines of this size a call into a matrix library costs more than the product.
// Usage: plain_rbm small     settings in the environment, see bench/peers/README.md
#include "harness.hpp"

class PlainTrainer {
 public:
  explicit PlainTrainer(Rbm& rbm)
      : r_(rbm),
        weightsStep_(rbm.weights.size()),
        visibleStep_(rbm.visibleBias.size()),
        hiddenStep_(rbm.hiddenBias.size()),
        dataHidden_(rbm.size.batch * hiddenStep_.size()),
        hidden_(dataHidden_),
        visible_(rbm.size.batch * visibleStep_.size()),
        lastHidden_(dataHidden_) {}

  void update(const float* v0) {
    up(v0, dataHidden_.data());
    draw(dataHidden_, hidden_);
    down(hidden_.data(), visible_.data());
    draw(visible_, visible_);
    up(visible_.data(), lastHidden_.data());
    stepWeights(v0);
    stepBias(r_.visibleBias, visibleStep_, v0, visible_.data());
    stepBias(r_.hiddenBias, hiddenStep_, dataHidden_.data(), lastHidden_.data());
  }

 private:
  static void sigmoids(float* z, int n) {
    for (int j = 0; j < n; ++j) z[j] = 1 / (1 + std::exp(-z[j]));
  }

  void up(const float* v, float* p) const {
    const auto [visible, hidden, batch] = r_.size;
    const float *w = r_.weights.data(), *c = r_.hiddenBias.data();
    for (int row = 0; row < batch; ++row, v += visible, p += hidden) {
      std::copy_n(c, hidden, p);
      for (int i = 0; i < visible; ++i)
        for (int j = 0; j < hidden; ++j) p[j] += v[i] * w[i * hidden + j];
      sigmoids(p, hidden);
    }
  }

  void down(const float* h, float* p) const {
    const auto [visible, hidden, batch] = r_.size;
    const float *w = r_.weights.data(), *b = r_.visibleBias.data();
    for (int row = 0; row < batch; ++row, h += hidden, p += visible) {
      for (int i = 0; i < visible; ++i) {
        float z = b[i];
        for (int j = 0; j < hidden; ++j) z += h[j] * w[i * hidden + j];
        p[i] = z;
      }
      sigmoids(p, visible);
    }
  }

  void draw(const Vec& p, Vec& out) {
    uniforms_.resize(p.size() + 15);
    random_.fill(uniforms_.data(), static_cast<int>(p.size()));
    for (std::size_t i = 0; i < p.size(); ++i) out[i] = uniforms_[i] < p[i] ? 1.0f : 0.0f;
  }

  void stepWeights(const float* v0) {
    const auto [visible, hidden, batch] = r_.size;
    const float scale = kRate / static_cast<float>(batch);
    for (int i = 0; i < visible; ++i) {
      float *w = &r_.weights[i * hidden], *m = &weightsStep_[i * hidden];
      for (int j = 0; j < hidden; ++j) m[j] = kMomentum * m[j] - kRate * kDecay * w[j];
      for (int row = 0; row < batch; ++row) {
        const float plus = scale * v0[row * visible + i], minus = scale * visible_[row * visible + i];
        const float *h0 = &dataHidden_[row * hidden], *h1 = &lastHidden_[row * hidden];
        for (int j = 0; j < hidden; ++j) m[j] += plus * h0[j] - minus * h1[j];
      }
      for (int j = 0; j < hidden; ++j) w[j] += m[j];
    }
  }

  void stepBias(Vec& bias, Vec& step, const float* plus, const float* minus) {
    const int n = static_cast<int>(bias.size());
    const float scale = kRate / static_cast<float>(r_.size.batch);
    for (float& x : step) x *= kMomentum;
    for (int row = 0; row < r_.size.batch; ++row)
      for (int j = 0; j < n; ++j) step[j] += scale * (plus[row * n + j] - minus[row * n + j]);
    for (int j = 0; j < n; ++j) bias[j] += step[j];
  }

  Rbm& r_;
  Vec weightsStep_, visibleStep_, hiddenStep_, dataHidden_, hidden_, visible_, lastHidden_, uniforms_;
  Random random_{1000};
};

int main() {
  const int repetitions = setting("BENCH_EPOCHS", 5);
  const Vec rows = readFloats("BENCH_ROWS");
  Rbm r = readStart(sizeOf("small"));
  PlainTrainer trainer(r);
  const std::size_t batch = static_cast<std::size_t>(r.size.batch) * r.size.visible;
  Vec seconds, error{reconstructionError(r, rows.data())};
  for (int e = 0; e <= repetitions; ++e) {  // repetition 0 warms up
    const double begin = now();
    for (int epoch = 0; epoch < kSmallEpochs; ++epoch)
      for (std::size_t at = 0; at + batch <= rows.size(); at += batch) trainer.update(&rows[at]);
    if (e) seconds.push_back(static_cast<float>((now() - begin) / kSmallEpochs / static_cast<double>(rows.size() / batch)));
  }
  error.push_back(reconstructionError(r, rows.data()));
  print({"plain", "small", "mse", seconds, error, ""});
}
