#include "network/network_pass.hpp"

#include <string>
#include <utility>

namespace boltzkit {

NetworkPass::NetworkPass(const Network& network, std::size_t rows, PassNeeds needs)
    : NetworkPass(network, rows, needs, 0, network.layers().size() - 1) {}

NetworkPass::NetworkPass(const Network& network, std::size_t rows, PassNeeds needs, std::size_t from, std::size_t upTo)
    : input_(network.backend().tensor(rows, network.layers()[from]->inputs())), from_(from) {
  for (std::size_t l = from; l <= upTo; ++l)
    layers_.push_back(network.layers()[l]->pass(rows, {needs.gradients, needs.fields && l == upTo}));
  used_.reserve(layers_.size());
}

void NetworkPass::setDropout(std::span<const double> rates) {
  std::size_t dropping = 0;
  for (const auto& layer : layers_) {
    const double rate = dropping < rates.size() ? rates[dropping] : 0;
    if (!(rate >= 0 && rate < 1)) throw parameterError("`dropout` must hold rates in [0, 1), got " + decimal(rate));
    if (layer->setDropout(rate)) ++dropping;
  }
  if (dropping != rates.size())
    throw shapeError("`dropout` must have one rate for each of the " + std::to_string(dropping) + " dropout layers, got " +
                     std::to_string(rates.size()));
}

void NetworkPass::setRows(std::size_t n) {
  input_->setRows(n);
  for (const auto& layer : layers_) layer->setRows(n);
}

void NetworkPass::forward(const Stream* draws) {
  used_.clear();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (layers_[l]->skips(draws != nullptr)) continue;
    Stream own;
    if (draws) {
      own = *draws;
      own.layer = static_cast<std::uint8_t>(from_ + l);
    }
    layers_[l]->forward(output(), draws ? &own : nullptr);
    used_.push_back(l);
  }
}

void NetworkPass::backward(bool atFields, const RowScale& scale, std::size_t lowest, Tensor* inputGradient) {
  for (std::size_t i = used_.size(); i-- > 0 && used_[i] >= lowest;) {
    const bool below = i > 0 && used_[i - 1] >= lowest;
    const Tensor& input = i > 0 ? layers_[used_[i - 1]]->output() : *input_;
    layers_[used_[i]]->backward(input, atFields && i + 1 == used_.size(), scale,
                                below ? &layers_[used_[i - 1]]->gradient() : inputGradient);
  }
}

std::vector<LayerGradient> NetworkPass::gradients() const {
  std::vector<LayerGradient> all;
  for (const auto& layer : layers_)
    for (const LayerGradient& gradient : layer->gradients()) all.push_back(gradient);
  return all;
}

}  // namespace boltzkit
