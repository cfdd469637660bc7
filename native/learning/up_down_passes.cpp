#include "learning/up_down_passes.hpp"

#include <algorithm>

#include "sampling/column_sums.hpp"
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

// Of parameter tensors in the order of upDownParameters: up units, up weights, down units, down
// weights of each level, then units and couplings of the top machine.
DirectedGradient::Frozen frozenHalf(const UpDownOptions& options, std::size_t first) {
  return {options.frozen(first), options.frozen(first + 1)};
}

std::vector<bool> frozenUnits(const Machine& top, const Levels& levels, const UpDownOptions& options) {
  std::vector<bool> frozen;
  for (std::size_t l = 0; l < top.wiring().layers().size(); ++l) frozen.push_back(options.frozen(4 * levels.up.size() + l));
  return frozen;
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
      gradient_(top, frozenUnits(top, levels, options)) {
  requireFactorised(top, gibbs_);
  gibbs_.setAccuracy(Accuracy::draws, options.batchSize);
  if (!labels.empty()) labels_.emplace(top, labels);
  const std::size_t chains = chainsOf(options), most = std::max(chains, options.batchSize);
  for (std::size_t l = 0; l < levels.up.size(); ++l) {
    const std::uint64_t reuse = chains + options.batchSize;
    up_.emplace_back(top.backend(), *levels.up[l], 0, 1, most, reuse, frozenHalf(options, 4 * l));
    down_.emplace_back(top.backend(), *levels.down[l], 1, 0, most, reuse, frozenHalf(options, 4 * l + 2));
    wake_.push_back(top.backend().tensor(options.batchSize, levels.up[l]->places(0)));
    dreams_.push_back(top.backend().tensor(chains, levels.up[l]->places(0)));
  }
  if (!options.centred) return;
  ones_ = top.backend().tensor(options.batchSize, 1);
  top.backend().fill(1, *ones_);
  for (const std::shared_ptr<Machine>& machine : levels.up) {
    batchMeans_.push_back(top.backend().tensor(1, machine->places(0)));
    means_.push_back(top.backend().tensor(1, machine->places(0)));
  }
  for (std::size_t l = 0; l < top.wiring().layers().size(); ++l) means_.push_back(top.backend().tensor(1, top.places(l)));
  for (const TensorPtr& mean : means_) offsets_.push_back(mean.get());
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

void UpDownPasses::startOffsets() {
  if (!options_.centred) return;
  const std::size_t count = std::min(options_.batchSize, seen_.rows());
  const OrderPtr order = top_.backend().order(evenlySpaced(seen_.rows(), count));
  passUp({order.get(), 0, count}, Purpose::chainStart);
  const double each = 1 / static_cast<double>(count);
  gradient_.accumulate(positive_, nullptr, each, true);
  follow(1, nullptr, each);
}

void UpDownPasses::follow(double rate, const Tensor* rowWeights, double each) {
  Backend& backend = top_.backend();
  for (std::size_t l = 0; l < levels(); ++l) {
    columnSums(backend, *ones_, *wake_[l], rowWeights, each, 0, *batchMeans_[l]);
    backend.axpby(rate, *batchMeans_[l], 1 - rate, *means_[l]);
  }
  for (std::size_t l = levels(); l < means_.size(); ++l) backend.axpby(rate, gradient_.meanDifference(l - levels()), 1 - rate, *means_[l]);
}

void UpDownPasses::compensate() {
  if (!options_.centred) return;
  gradient_.compensate(top_, topOffsets());
  for (std::size_t l = 0; l < levels(); ++l) {
    up_[l].compensate(offsetsOf(l));
    down_[l].compensate(offsetsOf(l));
  }
}

void UpDownPasses::takeBack(const StepOutcome& outcome) {
  if (!options_.centred) return;
  gradient_.takeBack(top_, outcome);
  for (std::size_t l = 0; l < levels(); ++l) {
    up_[l].takeBack(outcome);
    down_[l].takeBack(outcome);
  }
}

void UpDownPasses::run(const Batch& batch, const Tensor* rowWeights) {
  passUp(batch, Purpose::positive);
  learnTop(rowWeights);
  passDown();
  const bool contrastive = options_.chains == 0;
  const double each = 1 / static_cast<double>(batch.count), eachDream = 1 / static_cast<double>(particles().rows());
  for (std::size_t l = 0; l < levels(); ++l) {
    down_[l].learn(wake(l + 1), wake(l), rowWeights, each, offsetsOf(l));
    up_[l].learn(dream(l), dream(l + 1), contrastive ? rowWeights : nullptr, eachDream, offsetsOf(l));
  }
}

void UpDownPasses::passUp(const Batch& batch, Purpose purpose) {
  for (const TensorPtr& tensor : wake_) tensor->setRows(batch.count);
  positive_.setRows(batch.count);
  top_.backend().gather(*data_, batch, *wake_[0]);
  if (labels_) labels_->gather(batch, positive_.states);
  Round round{top_.random().next(purpose, 2)};
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
  if (options_.centred) follow(options_.offsetRate, rowWeights, 1 / rows);
  gradient_.accumulate(chains_.phase(), contrastive ? rowWeights : nullptr, -1 / chains, false, Gradient::Lasts::step);
  if (options_.centred) gradient_.centre(topOffsets());
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
  const std::size_t firstCoupling = 4 * levels() + top_.wiring().layers().size();
  for (std::size_t c = 0; c < top_.wiring().couplings().size(); ++c) {
    if (options_.frozen(firstCoupling + c)) gradient_.clear(c);
    ParameterSlot slot{&top_.weights(c), &gradient_.step(c), nullptr, nullptr};
    slot.terms = gradient_.terms(c);
    slots.push_back(decayed(slot));
  }
}

std::map<std::string, Tensor*> UpDownPasses::chainTensors() {
  return options_.chains == 0 ? std::map<std::string, Tensor*>{} : chains_.tensors();
}

std::map<std::string, Tensor*> UpDownPasses::offsetTensors() {
  std::map<std::string, Tensor*> all;
  for (std::size_t i = 0; i < means_.size(); ++i) {
    const bool lower = i < levels();
    const std::string name = lower ? "offset/" + std::to_string(i + 1) : "top/offset/" + top_.wiring().layers()[i - levels()].name;
    all[name] = means_[i].get();
  }
  return all;
}

}  // namespace boltzkit
