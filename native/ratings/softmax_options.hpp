// How a softmax rating machine is trained.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace boltzkit::ratings {

enum class SoftmaxAlgorithm { contrastive, persistent };

struct SoftmaxOptions {
  SoftmaxAlgorithm algorithm = SoftmaxAlgorithm::contrastive;
  bool byItem = false;  // cases are items, visibles are users
  std::size_t epochs = 30;
  std::size_t batch = 20;                       // cases in a minibatch
  std::size_t firstSweeps = 1, lastSweeps = 1;  // of the negative phase, in the first and in the last epoch
  // Visibles of the model are means rather than draws (not with persistent chains).
  bool means = true;
  double rate = 0.04, lastRate = 0.004;  // falls geometrically from epoch to epoch
  double momentum = 0.9;
  // Per component, the last one for all further ones: pull of each rating towards the mean row.
  std::vector<double> decay{0.03, 0.03, 0.3};
  double weightScale = 0.02;  // standard deviation of the start weights
  double prior = 10;          // ratings of the average visible that start biases count beside a visible's own
  double averaged = 0;        // share of the epochs, at the end, whose parameters are averaged
  std::uint64_t seed = 0;
  unsigned threads = 1;
};

}  // namespace boltzkit::ratings
