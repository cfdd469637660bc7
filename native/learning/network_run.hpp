// What every update of a network has, whatever takes its steps: data, the loss and gradient of a
// batch, reports.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "learning/network_options.hpp"
#include "learning/update.hpp"
#include "network/answers.hpp"

namespace boltzkit {

class NetworkRun {
 public:
  NetworkRun(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data, const NetworkRows* validation,
             std::vector<double> rowWeights, bool needsLosses);

  Network& network() { return network_; }
  Backend& backend() { return network_.backend(); }
  const NetworkTrainerOptions& options() const { return options_; }
  const std::vector<LayerParameter>& parameters() const { return parameters_; }
  std::size_t rows() const { return data_.rows(); }

  // Loads a batch, with its weights. Draws what is random of it.
  void load(const Batch& batch);
  // Forward and backward: afterwards `gradients` tells d(-loss) / d parameter, uphill. The loss is
  // the mean over the batch of the rows' losses by their weights, without decay.
  void propagate();
  std::vector<LayerGradient> gradients() const { return pass_.gradients(); }
  // That loss, after `propagate`, read back. Only with needsLosses.
  double loss();

  void measure(EpochReport& report);

 private:
  struct Means {
    double loss, error;
  };
  Means meansOf(const NetworkData& data, const std::vector<std::uint32_t>* rows);

  Network& network_;
  const NetworkTrainerOptions options_;
  std::vector<LayerParameter> parameters_;
  NetworkData data_;
  std::optional<NetworkData> validation_;
  std::vector<double> rowWeights_;
  Loss loss_;
  NetworkPass pass_;
  std::size_t lowest_ = 0;      // the lowest layer with parameters that move
  TensorPtr target_, scratch_;  // [batch, outputs]; scratch only with losses
  DoublesPtr losses_;           // [batch]; null without losses
  // [1, rows], [1, batch]; null without weights.
  TensorPtr allWeights_, batchWeights_;
  std::vector<std::uint32_t> watched_;  // training rows of the reports
  std::optional<Stream> draws_;
  std::size_t count_ = 0;
};

}  // namespace boltzkit
