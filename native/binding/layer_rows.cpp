#include "binding/layer_rows.hpp"

#include "binding/convert.hpp"
#include "binding/machine.hpp"
#include "binding/row_domain.hpp"
#include "binding/rows.hpp"

namespace boltzkit::binding {
namespace {

constexpr std::uint32_t mostLevels = 256;

std::string plural(std::size_t n, const char* noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

// Throws unless the rows may be rows of this layer: `rows` names them.
void requireRowsOf(const Layer& wanted, const Argument& rows, const RowsObject& object) {
  const Domain domain = domainOf(wanted);
  if (object.rows()->cols() != wanted.places)
    throw shapeError("`" + rows.name() + "` must have " + plural(wanted.places, "column") + " (units of '" + wanted.name + "'), got " +
                     std::to_string(object.rows()->cols()));
  requireWithinDomain(object, domain, rows.name(), "layer '" + wanted.name + "'");
  if (object.rows()->hasMissing() && object.domain().group != domain.group)
    throw parameterError("`" + rows.name() + "` must be missing in whole units of " + plural(domain.group, "place") + ", as layer '" +
                         wanted.name + "' has them");
}

// Machines to see rows through, as they are now: copies, so that what becomes of the machines
// changes no job that looks through them.
std::shared_ptr<const MachineStack> stackOf(const Argument& through) {
  if (!through.given() || through.isNull()) return nullptr;
  const Argument list = through.field("machines");
  const Draw draw = drawOf(through.field("draw"));
  const std::uint32_t n = list.length(mostLevels);
  std::vector<std::shared_ptr<const Machine>> machines;
  for (std::uint32_t i = 0; i < n; ++i) machines.push_back(unwrap<MachineObject>(list.item(i)).copy(list.item(i).name()));
  return std::make_shared<const MachineStack>(std::move(machines), draw);
}

}  // namespace

std::shared_ptr<const Rows> rowsOfLayer(const Argument& rows, const Layer& layer) {
  const RowsObject& object = unwrap<RowsObject>(rows);
  requireRowsOf(layer, rows, object);
  return object.rows();
}

LayerRows layerRowsOf(const Argument& given, const Wiring& wiring) {
  const std::size_t layer = layerOf(given.field("layer"), wiring);
  const Argument rows = given.field("rows");
  const std::shared_ptr<const MachineStack> through = stackOf(given.field("through"));
  LayerRows read{layer, rowsOfLayer(rows, through ? through->bottom() : wiring.layers()[layer]), through};
  if (through) through->requireFits(wiring.layers()[layer]);
  return read;
}

std::vector<LayerRows> layerRowsListOf(const Argument& list, const Wiring& wiring, std::size_t least) {
  const std::uint32_t n = list.length(mostLayers);
  if (n < least) throw parameterError("`" + list.name() + "` must give rows of at least " + plural(least, "layer"));
  std::vector<LayerRows> given;
  std::vector<bool> seen(wiring.layers().size(), false);
  for (std::uint32_t i = 0; i < n; ++i) {
    LayerRows rows = layerRowsOf(list.item(i), wiring);
    if (seen[rows.layer]) throw parameterError("`" + list.name() + "` must name each layer at most once");
    seen[rows.layer] = true;
    given.push_back(std::move(rows));
  }
  for (const LayerRows& rows : given)
    if (rows.rows->rows() != given.front().rows->rows())
      throw shapeError("`" + list.name() + "` must have the same number of rows for every layer, got " +
                       std::to_string(given.front().rows->rows()) + " and " + std::to_string(rows.rows->rows()));
  return given;
}

}  // namespace boltzkit::binding
