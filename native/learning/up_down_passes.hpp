// The passes of one update of up-down learning (see up_down_update.hpp), and the gradients that come
// of them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "learning/directed_gradient.hpp"
#include "learning/gradient.hpp"
#include "learning/negative/model_chains.hpp"
#include "learning/up_down_options.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

class UpDownPasses {
 public:
  // `data`: rows of the bottom layer. `labels`: rows of a layer of the top machine, or none.
  UpDownPasses(Machine& top, const Levels& levels, const UpDownOptions& options, const std::shared_ptr<const Rows>& data,
               const std::vector<LayerRows>& labels);

  // Starts persistent chains at evenly spaced rows on their way up.
  void startChains();
  // Sets the offsets of centred gradients from evenly spaced rows on their way up.
  void startOffsets();
  // Wakes and dreams. rowWeights [1, rows of the batch] may be null.
  void run(const Batch& batch, const Tensor* rowWeights);
  // Call after the optimiser's step: moves biases by what centring owes them, and undoes the steps on
  // weights if the outcome is a refusal. See Gradient.
  void compensate();
  void takeBack(const StepOutcome& outcome);
  // Adds the gradients of the last run, in the order of upDownParameters. Weights decay.
  void addSlots(double l1, double l2, std::vector<ParameterSlot>& slots);

  std::size_t levels() const { return up_.size(); }
  // The last dreams: layer l from the bottom, up to layer 0 of the top machine; [chains, places].
  const Tensor& dream(std::size_t l) const { return l < levels() ? *dreams_[l] : chains_.phase().states[0]; }
  // The states of the chains of the top machine.
  const States& particles() const { return chains_.phase().states; }
  // The states of persistent chains, "chains/<layer>"; empty without them.
  std::map<std::string, Tensor*> chainTensors();
  // The offsets of centred gradients: "offset/<level>" of its lower layer, "top/offset/<layer>".
  std::map<std::string, Tensor*> offsetTensors();
  // The layers of the top machine that have rows: layer 0, and the labels.
  const std::vector<bool>& given() const { return seen_.given(); }
  const LayerData* labels() const { return labels_ ? &*labels_ : nullptr; }

 private:
  Tensor& wake(std::size_t l);
  void passUp(const Batch& batch, Purpose purpose);
  void learnTop(const Tensor* rowWeights);
  void passDown();
  // Moves the offsets towards the means of the states on the way up. The gradient of the top machine
  // must hold the positive phase alone.
  void follow(double rate, const Tensor* rowWeights, double each);
  // Offsets by layer of a machine; empty where gradients are plain.
  Offsets offsetsOf(std::size_t level) const { return offsets_.empty() ? Offsets{} : Offsets(offsets_).subspan(level, 2); }
  Offsets topOffsets() const { return offsets_.empty() ? Offsets{} : Offsets(offsets_).subspan(levels()); }

  Machine& top_;
  const UpDownOptions& options_;
  DataPtr data_;
  LayerData seen_;  // the rows as the top machine sees them
  std::optional<LayerData> labels_;
  std::vector<DirectedGradient> up_, down_;
  std::vector<TensorPtr> wake_, dreams_;  // by layer from the bottom, [rows, places]
  BlockGibbs gibbs_;                      // of the top machine given layer 0 and the labels
  Phase positive_;
  ModelChains chains_;
  Gradient gradient_;  // of the top machine
  // Of the lower layers from the bottom, then of the layers of the top machine; [1, places].
  std::vector<TensorPtr> means_;
  std::vector<const Tensor*> offsets_;  // the same; empty where gradients are plain
  TensorPtr ones_;                      // [rows, 1]
  std::vector<TensorPtr> batchMeans_;   // of the lower layers, [1, places]
};

}  // namespace boltzkit
