// Converts the options of a machine's training.
#include <algorithm>
#include <cmath>

#include "binding/convert.hpp"
#include "binding/convert_run.hpp"
#include "binding/layer_rows.hpp"

namespace boltzkit::binding {
namespace {

constexpr double anyNumber = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::min();
constexpr std::size_t mostReservoirs = 4096;

std::optional<TrainerOptions::Sparsity> sparsityOf(const Argument& sparsity) {
  if (sparsity.isNull()) return std::nullopt;
  return TrainerOptions::Sparsity{sparsity.field("target").number(-anyNumber, anyNumber), sparsity.field("weight").number(0, anyNumber),
                                  sparsity.field("rate").number(0, 1)};
}

std::optional<TrainerOptions::Labels> labelsOf(const Argument& labels) {
  if (!labels.given() || labels.isNull()) return std::nullopt;
  return TrainerOptions::Labels{labels.field("layer").count(0, maxCount), labels.field("discriminative").number(0, anyNumber),
                                labels.field("generative").number(0, anyNumber)};
}

// The chains of all temperatures together are numbered in 32 bits.
void requireReplicas(const TrainerOptions& o) {
  if (o.algorithm != TrainerOptions::Algorithm::pt) return;
  if (o.temperatures.size() < 2) throw parameterError("`options.temperatures` must hold at least two inverse temperatures");
  if (o.temperatures.size() > maxCount / o.chains)
    throw parameterError("`options.chains` times the number of `options.temperatures` must be below 2^31");
}

TrainerOptions optionsOf(const Argument& options) {
  using Algorithm = TrainerOptions::Algorithm;
  TrainerOptions o;
  readRunOptions(options, o);
  using Kind = OptimiserStep::Kind;
  o.optimiser.kind = options.field("optimiser").choice<Kind>({{"sgd", Kind::sgd}, {"adam", Kind::adam}});
  o.algorithm = options.field("algorithm")
                    .choice<Algorithm>({{"cd", Algorithm::cd},
                                        {"pcd", Algorithm::pcd},
                                        {"fpcd", Algorithm::fpcd},
                                        {"pt", Algorithm::pt},
                                        {"ptt", Algorithm::ptt},
                                        {"mean-field", Algorithm::meanField},
                                        {"pseudo-likelihood", Algorithm::pseudoLikelihood},
                                        {"exact", Algorithm::exact}});
  o.steps = options.field("steps").count(1, maxStreamStep);
  const Argument positiveSteps = options.field("positiveSteps");
  if (positiveSteps.given()) o.positiveSteps = positiveSteps.count(1, maxStreamStep);
  o.chains = options.field("chains").count(1, maxCount);
  const Argument given = options.field("given");
  if (given.given())
    for (std::uint32_t i = 0; i < given.length(mostLayers); ++i) o.given.push_back(given.item(i).count(0, mostLayers - 1));
  const Argument dynamicBinarisation = options.field("dynamicBinarisation");
  if (dynamicBinarisation.given()) o.dynamicBinarisation = dynamicBinarisation.flag();
  o.centred = options.field("centred").flag();
  o.offsetRate = options.field("offsetRate").number(0, 1);
  const Argument fastRate = options.field("fastRate"), fastDecay = options.field("fastDecay");
  if (fastRate.given()) o.fastRate = fastRate.number(0, anyNumber);
  if (fastDecay.given()) o.fastDecay = fastDecay.number(0, belowOne);
  const Argument temperatures = options.field("temperatures");
  if (temperatures.given()) o.temperatures = doublesOf(temperatures);
  requireReplicas(o);
  const Argument positive = options.field("positive");
  if (positive.given()) o.meanFieldPositive = positive.choice<bool>({{"gibbs", false}, {"mean-field", true}});
  const Argument standardised = options.field("standardised");
  if (standardised.given()) o.standardised = standardised.flag();
  o.sparsity = sparsityOf(options.field("sparsity"));
  o.labels = labelsOf(options.field("labels"));
  o.initialiseFromData = options.field("initialiseFromData").flag();
  const Argument stream = options.field("stream");
  if (stream.given()) o.stream = stream.flag();
  const Argument monitorBudget = options.field("monitorBudget");
  if (monitorBudget.given()) o.monitorBudget = monitorBudget.number(0, anyNumber);
  const Argument reservoirs = options.field("reservoirs"), acceptance = options.field("reservoirAcceptance");
  if (reservoirs.given()) o.reservoirs = reservoirs.count(2, mostReservoirs);
  if (acceptance.given()) o.reservoirAcceptance = acceptance.number(smallest, belowOne);
  return o;
}

void requireSameLayers(const std::vector<LayerRows>& validation, const std::vector<LayerRows>& data) {
  if (validation.empty()) return;
  const auto given = [](const std::vector<LayerRows>& list, std::size_t layer) {
    return std::any_of(list.begin(), list.end(), [&](const LayerRows& rows) { return rows.layer == layer; });
  };
  const bool same = validation.size() == data.size() &&
                    std::all_of(data.begin(), data.end(), [&](const LayerRows& rows) { return given(validation, rows.layer); });
  if (!same) throw parameterError("`options.validation` must give rows of the same layers as `options.data`");
}

// Random steps are counted in 48 bits, and every update uses `steps` or `positiveSteps` of them.
void requireCountable(const TrainerOptions& options, std::size_t rows) {
  const double perEpoch = std::ceil(static_cast<double>(rows) / static_cast<double>(options.batchSize));
  const auto longest = static_cast<double>(std::max(options.steps, options.positiveSteps));
  const double sweeps = static_cast<double>(options.epochs) * perEpoch * longest;
  if (sweeps > static_cast<double>(maxStreamStep))
    throw parameterError("`epochs` times `sweeps` or `positiveSweeps` must make fewer than 2^48 Gibbs sweeps in all");
}

}  // namespace

TrainerSetup trainerSetupOf(const Argument& options, const Wiring& wiring) {
  TrainerSetup setup;
  setup.options = optionsOf(options);
  setup.data = layerRowsListOf(options.field("data"), wiring);
  setup.validation = layerRowsListOf(options.field("validation"), wiring, 0);
  const std::size_t rows = setup.data.front().rows->rows();
  if (rows == 0) throw parameterError("`options.data` must have at least one row");
  if (!setup.validation.empty() && setup.validation.front().rows->rows() == 0)
    throw parameterError("`options.validation` must have at least one row");
  requireSameLayers(setup.validation, setup.data);
  requireCountable(setup.options, rows);
  setup.rowWeights = rowWeightsOf(options.field("sampleWeights"), rows);
  return setup;
}

}  // namespace boltzkit::binding
