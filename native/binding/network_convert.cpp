#include "binding/network_convert.hpp"

#include <limits>
#include <string>

#include "binding/convert_run.hpp"
#include "binding/devices.hpp"
#include "binding/fields.hpp"
#include "binding/row_domain.hpp"
#include "binding/rows.hpp"

namespace boltzkit::binding {
namespace {

constexpr double anyNumber = std::numeric_limits<double>::max();
constexpr std::uint64_t mostHistory = 1000, mostIterations = 1000000;

// Every other field is a setting of its kind: a text or a number.
LayerSpec layerSpecOf(const Argument& layer) {
  LayerSpec spec{layer.field("kind").text(), layer.field("name").text(), {}, {}};
  forEachField(layer, [&](const std::string& key, const Argument& value) {
    if (key == "kind" || key == "name" || !value.given()) return;
    if (value.value().IsString())
      spec.texts[key] = value.text();
    else
      spec.numbers[key] = value.number(-anyNumber, anyNumber);
  });
  return spec;
}

const RowsObject& rowsOf(const Argument& rows, std::size_t columns, const char* side) {
  const RowsObject& object = unwrap<RowsObject>(rows);
  if (object.rows()->cols() != columns)
    throw shapeError("`" + rows.name() + "` must have " + std::to_string(columns) + " columns (" + side + " of the network), got " +
                     std::to_string(object.rows()->cols()));
  return object;
}

void requireRows(const NetworkRows& given, const std::string& name) {
  if (given.rows->rows() == 0) throw parameterError("`" + name + "` must have at least one row");
}

}  // namespace

NetworkSpec networkSpecOf(const Argument& spec) {
  NetworkSpec result;
  result.seed = spec.field("seed").big();
  result.inputs = spec.field("inputs").count(1, maxCount);
  const Argument layers = spec.field("layers");
  const std::uint32_t n = layers.length(mostNetworkLayers);
  for (std::uint32_t i = 0; i < n; ++i) result.layers.push_back(layerSpecOf(layers.item(i)));
  result.backend = backendOf(spec);
  return result;
}

LossKind lossOf(const Argument& loss) {
  return loss.choice<LossKind>({{"likelihood", LossKind::likelihood}, {"squared", LossKind::squared}});
}

std::shared_ptr<const Rows> inputRowsOf(const Argument& rows, const Network& network) {
  return rowsOf(rows, network.inputs(), "inputs").rows();
}

std::shared_ptr<const Rows> layerInputRowsOf(const Argument& rows, const Network& network, std::size_t from) {
  return from == 0 ? inputRowsOf(rows, network) : rowsOf(rows, network.layers()[from]->inputs(), "inputs of a layer").rows();
}

NetworkRows networkRowsOf(const Argument& rows, const Argument& targets, LossKind loss, const Network& network) {
  const bool own = targets.isNull();
  NetworkRows given{inputRowsOf(rows, network), nullptr};
  const Argument& wanted = own ? rows : targets;
  const RowsObject& object = rowsOf(wanted, network.outputs(), "outputs");
  if (!own) given.targets = object.rows();
  if (!own && object.rows()->rows() != given.rows->rows())
    throw shapeError("`" + targets.name() + "` must have a row for each of the " + std::to_string(given.rows->rows()) + " rows, got " +
                     std::to_string(object.rows()->rows()));
  if (loss == LossKind::likelihood) {
    const Units units = network.outputUnits();
    requireWithinDomain(object, unitDomainOf(units.type, units.size), wanted.name(), "the outputs");
  }
  return given;
}

NetworkTrainerSetup networkTrainerSetupOf(const Argument& options, const Network& network) {
  enum class Optimiser { sgd, adam, lbfgs };
  NetworkTrainerSetup setup;
  NetworkTrainerOptions& o = setup.options;
  readRunOptions(options, o);
  o.loss = lossOf(options.field("loss"));
  o.maxNorm = options.field("maxNorm").number(0, anyNumber);
  const auto optimiser =
      options.field("optimiser").choice<Optimiser>({{"sgd", Optimiser::sgd}, {"adam", Optimiser::adam}, {"lbfgs", Optimiser::lbfgs}});
  const Argument dropout = options.field("dropout");
  if (dropout.given() && !dropout.isNull()) o.dropout = doublesOf(dropout);
  const Argument history = options.field("history"), iterations = options.field("iterations");
  NetworkTrainerOptions::Lbfgs lbfgs;
  if (history.given()) lbfgs.history = history.count(1, mostHistory);
  if (iterations.given()) lbfgs.iterations = iterations.count(1, mostIterations);
  if (optimiser == Optimiser::lbfgs) o.lbfgs = lbfgs;
  if (optimiser == Optimiser::adam) o.optimiser.kind = OptimiserStep::Kind::adam;
  setup.data = networkRowsOf(options.field("data"), options.field("targets"), o.loss, network);
  requireRows(setup.data, "options.data");
  const Argument validation = options.field("validation");
  if (!validation.isNull()) {
    setup.validation = networkRowsOf(validation.field("rows"), validation.field("targets"), o.loss, network);
    requireRows(*setup.validation, "options.validation.rows");
  }
  setup.rowWeights = rowWeightsOf(options.field("sampleWeights"), setup.data.rows->rows());
  return setup;
}

}  // namespace boltzkit::binding
