#include "learning/up_down_passes.hpp"

#include <algorithm>

#include "sampling/machine_stack.hpp"

namespace boltzkit {
namespace {

// The rows as the top machine sees them.
std::vector<LayerRows> seenRows(const Levels& levels, std::shared_ptr<const Rows> data, const std::vector<LayerRows>& labels) {
  std::vector<LayerRows> all = labels;
  const std::vector<std::shared_ptr<const Machine>> machines(levels.up.begin(), levels.up.end());
  all.push_back({0, std::move(data), std::make_shared<const MachineStack>(machines, Draw::sample)});
  return all;
}

void requireFactorised(const Machine& top, const BlockGibbs& gibbs) {
  bool lateral = false;
  for (const std::vector<std::size_t>& block : gibbs.blocks())
    for (const std::size_t layer : block) lateral = lateral || top.wiring().lateral(layer);
  if (gibbs.blocks().size() == 1 && !lateral) return;
  throw parameterError(
      "the layers of the top machine without rows must be independent units given layer 0 and the labels; a layer of labels needs rows");
}

std::vector<bool> flipped(std::vector<bool> flags) {
  flags.flip();
  return flags;
}

std::size_t chainsOf(const UpDownOptions& options) { return options.chains > 0 ? options.chains : options.batchSize; }

}  // namespace

UpDownPasses::UpDownPasses(Machine& top, const Levels& levels, const UpDownOptions& options, const std::shared_ptr<const Rows>& data,
                           const std::vector<LayerRows>& labels)
    : top_(top),
      options_(options),
      data_(top.backend().data(data)),
      seen_(top, seenRows(levels, data, labels)),
      gibbs_(top, seen_.given(), options.batchSize),
      positive_(top, options.batchSize, flipped(seen_.given()), gibbs_),
      chains_(top, chainsOf(options), options.steps),
      gradient_(top) {
  requireFactorised(top, gibbs_);
  gibbs_.setAccuracy(Accuracy::draws, options.batchSize);
  if (!labels.empty()) labels_.emplace(top, labels);
  const std::size_t chains = chainsOf(options), most = std::max(chains, options.batchSize);
  for (std::size_t l = 0; l < levels.up.size(); ++l) {
    up_.emplace_back(top.backend(), *levels.up[l], 0, 1, most, chains + options.batchSize);
    down_.emplace_back(top.backend(), *levels.down[l], 1, 0, most, chains + options.batchSize);
    wake_.push_back(top.backend().tensor(options.batchSize, levels.up[l]->places(0)));
    dreams_.push_back(top.backend().tensor(chains, levels.up[l]->places(0)));
  }
}

// Layer l from the bottom; the last one is layer 0 of the top machine.
Tensor& UpDownPasses::wake(std::size_t l) { return l < levels() ? *wake_[l] : positive_.states[0]; }

void UpDownPasses::startChains() {
  if (options_.chains == 0) return;
  States& states = chains_.phase().states;
  seen_.gather(evenlySpaced(seen_.rows(), states.rows()), states);
  BlockGibbs gibbs(top_, seen_.given(), states.rows());
  const Round round{top_.random().next(Purpose::chainStart)};
  for (const std::size_t layer : gibbs.blocks().front()) gibbs.update(layer, states, round, nullptr, &states[layer]);
}

void UpDownPasses::run(const Batch& batch, const Tensor* rowWeights) {
  passUp(batch);
  learnTop(rowWeights);
  passDown();
  const bool contrastive = options_.chains == 0;
  const double each = 1 / static_cast<double>(batch.count), eachDream = 1 / static_cast<double>(particles().rows());
  for (std::size_t l = 0; l < levels(); ++l) {
    down_[l].learn(wake(l + 1), wake(l), rowWeights, each);
    up_[l].learn(dream(l), dream(l + 1), contrastive ? rowWeights : nullptr, eachDream);
  }
}

void UpDownPasses::passUp(const Batch& batch) {
  for (const TensorPtr& tensor : wake_) tensor->setRows(batch.count);
  positive_.setRows(batch.count);
  top_.backend().gather(*data_, batch, *wake_[0]);
  if (labels_) labels_->gather(batch, positive_.states);
  Round round{top_.random().next(Purpose::positive, 2)};
  for (std::size_t l = 0; l < levels(); ++l) {
    DrawWords words{round.stream};
    words.stream.layer = static_cast<std::uint8_t>(l);
    up_[l].conditional().draw(wake(l), words, wake(l + 1));
  }
  ++round.stream.step;
  for (const std::size_t layer : gibbs_.blocks().front())
    gibbs_.update(layer, positive_.states, round, positive_.means[layer].get(), options_.chains == 0 ? &positive_.states[layer] : nullptr);
}

void UpDownPasses::learnTop(const Tensor* rowWeights) {
  const bool contrastive = options_.chains == 0;
  if (contrastive) chains_.startAt(positive_.states);
  chains_.run(options_.steps, !contrastive);
  const double rows = static_cast<double>(positive_.states.rows()), chains = static_cast<double>(particles().rows());
  gradient_.accumulate(positive_, rowWeights, 1 / rows, true, Gradient::Lasts::step);
  gradient_.accumulate(chains_.phase(), contrastive ? rowWeights : nullptr, -1 / chains, false, Gradient::Lasts::step);
  gradient_.symmetrise();
}

void UpDownPasses::passDown() {
  const Stream stream = top_.random().next(Purpose::negative);
  for (const TensorPtr& tensor : dreams_) tensor->setRows(particles().rows());
  for (std::size_t l = levels(); l-- > 0;) {
    DrawWords words{stream};
    words.stream.layer = static_cast<std::uint8_t>(l);
    Conditional& generation = down_[l].conditional();
    if (l == 0 && options_.dreams == Draw::mean)
      generation.means(dream(1), *dreams_[0]);
    else
      generation.draw(dream(l + 1), words, *dreams_[l]);
  }
}

void UpDownPasses::addSlots(double l1, double l2, std::vector<ParameterSlot>& slots) {
  const auto decayed = [&](ParameterSlot slot) {
    slot.l1 = l1;
    slot.l2 = l2;
    return slot;
  };
  for (std::size_t l = 0; l < levels(); ++l)
    for (DirectedGradient* half : {&up_[l], &down_[l]}) {
      slots.push_back(half->unitSlot());
      slots.push_back(decayed(half->weightSlot()));
    }
  for (std::size_t l = 0; l < top_.wiring().layers().size(); ++l)
    slots.push_back({&top_.unitParameters(l), &gradient_.units(l), nullptr, nullptr});
  for (std::size_t c = 0; c < top_.wiring().couplings().size(); ++c) {
    ParameterSlot slot{&top_.weights(c), &gradient_.step(c), nullptr, nullptr};
    slot.terms = gradient_.terms(c);
    slots.push_back(decayed(slot));
  }
}

std::map<std::string, Tensor*> UpDownPasses::chainTensors() {
  return options_.chains == 0 ? std::map<std::string, Tensor*>{} : chains_.tensors();
}

}  // namespace boltzkit
