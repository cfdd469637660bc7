// The likelihood of labels given the other rows, alone or beside that of all rows. With labels y of
// one softmax unit, given rows v, and hidden layers h that are summed out,
//   log p(y | v) = log softmax_y(d_y + sum_h cumulant_h(f_h(v) + U_y))
// and its gradient is that of the energy at the label of the row, minus its mean under p(. | v):
// for any statistic t, sum_k e_k <t>_(h | v, y = k) with the errors e_k = [k = y] - p(k | v).
//   Larochelle & Bengio, ICML 2008, equations 4 to 6; Larochelle, Mandel, Pascanu & Bengio, JMLR 13
//   (2012), sections 3 and 4: hybrid learning adds a multiple of the gradient of log p(y, v).
// It is exact and needs no chains. The fields f_h from the rows are summed once per row. Each row is
// then repeated once for every category, with that category's weights U_k added.
#include <algorithm>
#include <utility>

#include "learning/negative/negative_phase.hpp"

namespace boltzkit {
namespace {

// Numbers in the matrix that repeats rows; it has batchSize^2 * categories.
constexpr double mostRepeated = 1 << 28;

void requireLabels(const Machine& machine, const TrainerOptions& options, const LayerData& data) {
  const Wiring& wiring = machine.wiring();
  const std::size_t labels = options.labels->layer;
  requireLayer(wiring, labels);
  const Layer& layer = wiring.layers()[labels];
  const std::string name = "layer '" + layer.name + "'";
  if (layer.type != UnitType::softmax || layer.size != layer.places) throw parameterError("labels must be one softmax unit, not " + name);
  if (!data.given()[labels]) throw parameterError("learning p(labels | rows) needs rows of " + name);
  if (data.anyMissing()) throw parameterError("learning p(labels | rows) needs rows and labels that lack no value");
  for (const Coupling& c : wiring.couplings()) {
    const bool hidden[2] = {!data.given()[c.a], !data.given()[c.b]};
    const bool ofLabels = c.a == labels || c.b == labels;
    if (hidden[0] && hidden[1])
      throw parameterError("learning p(labels | rows) needs hidden layers that are not coupled to each other or to themselves");
    if (ofLabels && (c.lateral() || !(hidden[0] || hidden[1])))
      throw parameterError("learning p(labels | rows) needs labels that are coupled to hidden layers only, not " + name);
  }
  const auto batch = static_cast<double>(options.batchSize);
  requireOption(batch * batch * static_cast<double>(layer.places) <= mostRepeated, "batchSize",
                "so small that its square times the number of labels is at most 2^28", batch);
}

// Rows of row r * categories + k: one-hot at column r, or at column k.
TensorPtr oneHot(Backend& backend, std::size_t rows, std::size_t categories, bool byRow) {
  const std::size_t cols = byRow ? rows : categories;
  std::vector<float> values(rows * categories * cols, 0.0f);
  for (std::size_t i = 0; i < rows * categories; ++i) values[i * cols + (byRow ? i / categories : i % categories)] = 1;
  TensorPtr tensor = backend.tensor(rows * categories, cols);
  backend.upload(std::span<const float>(values), *tensor);
  return tensor;
}

class ConditionalLikelihood final : public NegativePhase {
 public:
  ConditionalLikelihood(Machine& machine, const TrainerOptions& options, const LayerData& data, std::unique_ptr<NegativePhase> generative)
      : machine_(machine),
        backend_(machine.backend()),
        weights_(*options.labels),
        labels_(options.labels->layer),
        categories_(machine.places(labels_)),
        batchSize_(options.batchSize),
        generative_(std::move(generative)),
        others_(data.given()),
        repeat_(oneHot(backend_, batchSize_, categories_, true)),
        category_(oneHot(backend_, batchSize_, categories_, false)),
        errors_(backend_.tensor(1, batchSize_ * categories_)),
        logs_(backend_.doubles(batchSize_ * categories_)) {
    others_[labels_] = false;
    for (std::size_t l = 0; l < others_.size(); ++l)
      if (!data.given()[l]) hidden_.emplace_back(machine, l, batchSize_, categories_);
  }

  bool startsAtData() const override { return generative_ && generative_->startsAtData(); }
  void start(const LayerData& data) override {
    if (generative_) generative_->start(data);
  }
  const States* particles() override { return generative_ ? generative_->particles() : nullptr; }
  std::map<std::string, Tensor*> tensors() override { return generative_ ? generative_->tensors() : std::map<std::string, Tensor*>{}; }
  void settle() override {
    if (generative_) generative_->settle();
  }
  void makeRoomFor(const std::vector<std::string>& names) override {
    if (generative_) generative_->makeRoomFor(names);
  }
  void restored() override {
    if (generative_) generative_->restored();
  }
  std::optional<Interval> logPartition() override { return generative_ ? generative_->logPartition() : std::nullopt; }

  void subtract(const Phase& positive, const Tensor* rowWeights, Gradient& gradient) override {
    if (generative_) generative_->subtract(positive, rowWeights, gradient);
    gradient.scale(weights_.generative);
    const std::size_t rows = positive.states.rows();
    for (Tensor* repeated : {repeat_.get(), category_.get()}) repeated->setRows(rows * categories_);
    takeErrors(positive.states, rowWeights);
    const double each = weights_.discriminative / static_cast<double>(rows);
    for (Hidden& h : hidden_) addHidden(h, positive.states, each, gradient);
    gradient.addUnits(labels_, *category_, nullptr, errors_.get(), each);
  }

 private:
  // A layer that is summed out. [batch, places], or [batch * categories, places].
  struct Hidden {
    Hidden(const Machine& machine, std::size_t layer, std::size_t rows, std::size_t categories) : layer(layer) {
      const std::size_t places = machine.places(layer);
      Backend& backend = machine.backend();
      fromRows = backend.tensor(rows, places);
      difference = backend.tensor(rows, places);
      fields = backend.tensor(rows * categories, places);
      means = backend.tensor(rows * categories, places);
    }
    std::size_t layer;
    TensorPtr fromRows, difference, fields, means;
  };

  FieldTerm fromLabels(std::size_t layer) const {
    for (std::size_t c = 0; c < machine_.wiring().couplings().size(); ++c) {
      const Coupling& coupling = machine_.wiring().couplings()[c];
      if (coupling.a == labels_ && coupling.b == layer) return {category_.get(), &machine_.weights(c)};
      if (coupling.b == labels_ && coupling.a == layer) return {category_.get(), &machine_.weights(c), true};
    }
    return {nullptr, nullptr};
  }

  // The errors of all categories, and the fields of the hidden layers for each.
  void takeErrors(const States& states, const Tensor* rowWeights) {
    RowSum sum{logs_.get(), -1};
    backend_.unitEnergies(machine_.unitsOf(labels_), *category_, sum);
    sum = {logs_.get(), 1, true};
    for (Hidden& h : hidden_) {
      h.fromRows->setRows(states.rows());
      layerFields(machine_, h.layer, states, others_, *h.fromRows);
      h.fromRows->setRows(batchSize_);
      h.fields->setRows(category_->rows());
      const FieldTerm terms[] = {{repeat_.get(), h.fromRows.get()}, fromLabels(h.layer)};
      backend_.fields(std::span(terms, terms[1].weights ? 2 : 1), false, *h.fields);
      backend_.cumulants(machine_.unitsOf(h.layer), *h.fields, 1, nullptr, sum);
    }
    backend_.categoryErrors(*logs_, states[labels_], rowWeights, *errors_);
  }

  void addHidden(Hidden& h, const States& states, double each, Gradient& gradient) {
    h.means->setRows(category_->rows());
    h.difference->setRows(batchSize_);
    backend_.updateUnits({machine_.unitsOf(h.layer)}, *h.fields, h.means.get(), nullptr);
    backend_.statistics(*repeat_, *h.means, errors_.get(), 1, 0, *h.difference);
    h.difference->setRows(states.rows());
    for (std::size_t c = 0; c < machine_.wiring().couplings().size(); ++c) {
      const Coupling& coupling = machine_.wiring().couplings()[c];
      if (coupling.a != h.layer && coupling.b != h.layer) continue;
      const std::size_t other = coupling.a == h.layer ? coupling.b : coupling.a;
      const bool ofLabels = other == labels_;
      const Tensor *left = ofLabels ? category_.get() : &states[other], *right = ofLabels ? h.means.get() : h.difference.get();
      if (coupling.a == h.layer) std::swap(left, right);
      gradient.add(c, {left, right, ofLabels ? errors_.get() : nullptr, each}, weights_.generative == 0);
    }
    gradient.addUnits(h.layer, *h.means, linear(machine_, h.layer) ? nullptr : h.fields.get(), errors_.get(), each);
  }

  Machine& machine_;
  Backend& backend_;
  const TrainerOptions::Labels weights_;
  std::size_t labels_, categories_, batchSize_;
  std::unique_ptr<NegativePhase> generative_;
  std::vector<bool> others_;  // layers with rows, but for the labels
  // [batch * categories, batch] and [batch * categories, categories]: row r * categories + k is that
  // of row r and category k.
  TensorPtr repeat_, category_;
  TensorPtr errors_;  // [1, batch * categories]
  DoublesPtr logs_;   // log weights of the categories
  std::vector<Hidden> hidden_;
};

}  // namespace

std::unique_ptr<NegativePhase> makeConditionalLikelihood(Machine& machine, const TrainerOptions& options, const LayerData& data,
                                                         std::unique_ptr<NegativePhase> generative) {
  requireLabels(machine, options, data);
  return std::make_unique<ConditionalLikelihood>(machine, options, data, std::move(generative));
}

}  // namespace boltzkit
