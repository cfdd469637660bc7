#include "likelihood/model_samples.hpp"

#include <algorithm>

#include "core/progress.hpp"
#include "likelihood/annealed.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t annealedKind = 1, rowKind = 2;
constexpr std::size_t startTemperatures = 200;

void scaleBiases(const Machine& machine, double factor, AnnealingPath::Base& base) {
  for (std::size_t l = 0; l < base.size(); ++l) {
    const std::size_t places = machine.places(l);
    visitUnit(machine.wiring().layers()[l].type, [&](auto unit) {
      using Unit = decltype(unit);
      for (std::size_t k = 0; k < Unit::parameters; ++k)
        for (std::size_t j = 0; Unit::isBias[k] && j < places; ++j) base[l][k * places + j] *= factor;
    });
  }
}

// The machine's units with all biases set to 0: independent units that favour no mode.
AnnealingPath::Base withoutBiases(const Machine& machine) {
  AnnealingPath::Base base;
  for (std::size_t l = 0; l < machine.wiring().layers().size(); ++l) base.push_back(valuesOf(machine.backend(), machine.unitParameters(l)));
  scaleBiases(machine, 0, base);
  return base;
}

}  // namespace

ModelSamples::ModelSamples(Machine& machine, const PartitionOptions& options)
    : machine_(machine),
      options_(options),
      gibbs_(machine, noLayer(machine), std::min(chunkRows, options.chains)),
      rowUnits_(machine),
      chainUnits_(machine) {
  for (std::size_t first = 0; first < options.chains; first += chunkRows)
    blocks_.emplace_back(machine, std::min(chunkRows, options.chains - first));
}

void ModelSamples::run(const Cancelled& cancelled) {
  if (!options_.rows.empty()) data_.emplace(LayerData::forQuestion(machine_, options_.rows));
  if (data_) addRows(cancelled);
  const Stream starts = stream(1), anneals = stream(startTemperatures + 1), sweeps = stream(options_.warmup);
  std::size_t first = 0;
  for (States& states : blocks_) {
    const double all = static_cast<double>(options_.chains), before = startShare();
    const Progress block(static_cast<double>(first) / all, static_cast<double>(first + states.rows()) / all);
    start(states, first, starts);
    {
      const Progress part(0, before);
      startAnnealed(states, first, anneals, cancelled);
    }
    if (data_) startAtRows(states, first, starts);
    const Progress part(before, 1);
    warmUp(states, first, sweeps, cancelled);
    first += states.rows();
  }
}

AnnealingPath::Base ModelSamples::base(double shareOfBiases) const {
  AnnealingPath::Base base;
  for (std::size_t l = 0; l < machine_.wiring().layers().size(); ++l)
    base.push_back(hasRows(l) ? rowUnits_.parameters(l, &chainUnits_) : chainUnits_.parameters(l));
  scaleBiases(machine_, shareOfBiases, base);
  return base;
}

Stream ModelSamples::stream(std::uint64_t steps) { return machine_.random().next(Purpose::evaluation, steps); }

// A temperature of an anneal takes a sweep and an increment, about as much work again.
double ModelSamples::work(const PartitionOptions& options) {
  return static_cast<double>(options.chains) * (2 * static_cast<double>(startTemperatures) + static_cast<double>(options.warmup));
}

double ModelSamples::startShare() const { return 2 * static_cast<double>(startTemperatures * options_.chains) / work(options_); }

void ModelSamples::addRows(const Cancelled& cancelled) {
  const Progress silent(0, 0);
  forEachChunk(machine_, *data_, cancelled, [&](std::size_t, States& states) {
    for (std::size_t l = 0; l < states.layers.size(); ++l)
      if (hasRows(l)) rowUnits_.add(l, states[l]);
  });
}

void ModelSamples::start(States& states, std::size_t first, const Stream& stream) {
  for (std::size_t l = 0; l < states.layers.size(); ++l)
    drawWithoutField(machine_.backend(), machine_.unitsOf(l), l, stream, static_cast<std::uint32_t>(first), states[l]);
}

void ModelSamples::replace(std::size_t kind, std::size_t layer, const Tensor& by, States& states) {
  const std::size_t places = machine_.places(layer);
  std::vector<float> mask(states.rows() * places, 0.0f);
  for (std::size_t r = kind; r < states.rows(); r += kinds())
    std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(r * places), places, 1.0f);
  const TensorPtr chosen = machine_.backend().tensor(states.rows(), places);
  machine_.backend().upload(std::span<const float>(mask), *chosen);
  machine_.backend().clamp(*chosen, by, states[layer]);
}

void ModelSamples::startAnnealed(States& states, std::size_t first, const Stream& stream, const Cancelled& cancelled) {
  AnnealingPath path(machine_, AnnealingPath::roles(machine_.wiring(), noLayer(machine_)), withoutBiases(machine_), states.rows());
  States annealed(machine_, states.rows());
  std::vector<double> weights(states.rows());
  std::vector<double> betas;
  for (std::size_t k = 0; k <= startTemperatures; ++k) betas.push_back(static_cast<double>(k) / startTemperatures);
  Annealer(path, betas).forward(annealed, {stream, static_cast<std::uint32_t>(first)}, cancelled, weights);
  for (std::size_t l = 0; l < states.layers.size(); ++l) replace(annealedKind, l, annealed[l], states);
}

void ModelSamples::startAtRows(States& states, std::size_t first, const Stream& given) {
  Stream stream = given;
  stream.layer = static_cast<std::uint8_t>(states.layers.size() % 256);
  States fromData(machine_, states.rows());
  std::vector<std::uint32_t> rows(states.rows());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    // One random row from each of `chains` equal parts of the data, so that sorted or alternating
    // rows do not give one kind only.

    const double at = static_cast<double>(first + r) + uniform<double>(streamWords(stream, static_cast<std::uint32_t>(first + r), 0).w[0]);
    rows[r] = static_cast<std::uint32_t>(at * static_cast<double>(data_->rows()) / static_cast<double>(options_.chains));
  }
  data_->gather(rows, fromData);
  for (std::size_t l = 0; l < states.layers.size(); ++l)
    if (hasRows(l)) replace(rowKind, l, fromData[l], states);
}

void ModelSamples::warmUp(States& states, std::size_t first, const Stream& stream, const Cancelled& cancelled) {
  Round round{stream, static_cast<std::uint32_t>(first)};
  for (std::uint64_t s = 0; s < options_.warmup; ++s, ++round.stream.step) {
    throwIfCancelled(cancelled);
    Progress::report(static_cast<double>(s), static_cast<double>(options_.warmup));
    sweep(states, round);
    if (s < options_.warmup / 2) continue;
    for (std::size_t l = 0; l < states.layers.size(); ++l) chainUnits_.add(l, states[l]);
  }
}

// Sweeps the layers without rows first.
void ModelSamples::sweep(States& states, const Round& round) {
  for (const bool rows : {false, true})
    for (const std::vector<std::size_t>& block : gibbs_.blocks())
      for (const std::size_t l : block)
        if (hasRows(l) == rows) gibbs_.update(l, states, round, nullptr, &states[l]);
}

}  // namespace boltzkit
