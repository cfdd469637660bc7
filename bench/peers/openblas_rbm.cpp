// The baseline a good engineer would write: a Bernoulli RBM on OpenBLAS' sgemm, with a vectorised sigmoid and xoshiro128+.
// One update (contrastive divergence, Hinton 2002), as every peer does it:
//   h0 ~ p(h|v0), v1 ~ p(v|h0), ..., the last hidden phase as probabilities,
//   M = momentum M + rate ((v0' p(h|v0) - v1' p(h|v1)) / batch - decay W),   W += M,   biases alike without decay.
// Usage: openblas_rbm <cd1|cd10|pcd1|pcd10|big|gibbs|ais|transform>     settings in the environment, see bench/peers/README.md
#include "openblas_ais.hpp"

extern "C" char* openblas_get_corename();

static void report(const std::string& test, const Vec& seconds, const char* checkName, const Vec& check, const std::string& scaled = "") {
  print({"openblas", test, checkName, seconds, check, std::string("OpenBLAS kernels: ") + openblas_get_corename(), scaled});
}

static void train(const std::string& test, Rbm& r, const Vec& rows, int epochs) {
  Trainer trainer(r, test.find("10") == std::string::npos ? 1 : 10, test[0] == 'p');
  Vec seconds, error{reconstructionError(r, rows.data())};
  for (int e = 0; e <= epochs; ++e) {  // epoch 0 warms up
    const double begin = now();
    trainer.epoch(rows);
    if (e) seconds.push_back(static_cast<float>(now() - begin));
  }
  error.push_back(reconstructionError(r, rows.data()));
  report(test, seconds, "mse", error);
}

static void gibbs(const Rbm& r, const Vec& rows, int repetitions) {
  Vec v(static_cast<std::size_t>(kChains) * r.size.visible), sample(v), h(static_cast<std::size_t>(kChains) * r.size.hidden), hidden(h);
  Vec seconds;
  for (int e = 0; e <= repetitions; ++e) {
    for (std::size_t i = 0; i < v.size(); ++i) sample[i] = rows[i] > 0.5f;
    const double begin = now();
    for (int s = 0; s < kSteps; ++s) {
      up(r, sample.data(), kChains, h.data(), hidden.data());
      down(r, hidden.data(), kChains, v.data(), sample.data());
    }
    if (e) seconds.push_back(static_cast<float>(now() - begin));
  }
  double on = 0;
  for (float x : sample) on += x;
  report("gibbs", seconds, "on", {static_cast<float>(on / static_cast<double>(sample.size()))});
}

static void ais(const Rbm& r, const Vec& rows, int repetitions) {
  const int temperatures = setting("BENCH_TEMPERATURES", kTemperatures);
  Annealer annealer(r, rows, temperatures);
  Vec seconds;
  double logZ = 0;
  for (int e = 0; e <= repetitions; ++e) {
    const double begin = now();
    logZ = annealer.run();
    if (e) seconds.push_back(static_cast<float>((now() - begin) / temperatures * kTemperatures));
  }
  const std::string scaled = std::to_string(temperatures) + " of " + std::to_string(kTemperatures) + " temperatures";
  report("ais", seconds, "logZ", {static_cast<float>(logZ)}, temperatures < kTemperatures ? scaled : "");
}

static void transform(const Rbm& r, const Vec& rows, int repetitions) {
  const auto [visible, hidden, batch] = r.size;
  Vec h(hidden), seconds, block(1000);
  for (int e = 0; e <= repetitions; ++e) {
    for (int i = 0; i < 1000; ++i) {
      const double begin = now();  // sgemv: sgemm with one row packs all of the weights first
      cblas_sgemv(CblasRowMajor, CblasTrans, visible, hidden, 1, r.weights.data(), hidden, &rows[static_cast<std::size_t>(i) * visible], 1,
                  0, h.data(), 1);
      activate(h.data(), nullptr, r.hiddenBias.data(), 1, hidden);
      block[i] = static_cast<float>(now() - begin);
    }
    if (e) seconds.push_back(static_cast<float>(median(block)));
  }
  double worst = 0;
  for (int j = 0; j < hidden; ++j) {
    double z = r.hiddenBias[j];
    for (int i = 0; i < visible; ++i) z += static_cast<double>(rows[999 * visible + i]) * r.weights[i * hidden + j];
    worst = std::max(worst, std::abs(1 / (1 + std::exp(-z)) - h[j]));
  }
  report("transform", seconds, "error", {static_cast<float>(worst)});
}

int main(int argc, char** argv) {
  const std::string test = argc > 1 ? argv[1] : "cd1";
  const int repetitions = setting("BENCH_EPOCHS", 5);
  for (int t = 0; t < omp_get_max_threads(); ++t) randoms.emplace_back(1000 + t);
  const Vec rows = readFloats("BENCH_ROWS");
  Rbm r = readStart(sizeOf(test));
  if (test == "gibbs")
    gibbs(r, rows, repetitions);
  else if (test == "ais")
    ais(r, rows, repetitions);
  else if (test == "transform")
    transform(r, rows, repetitions);
  else
    train(test, r, rows, repetitions);
}
