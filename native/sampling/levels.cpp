#include "sampling/levels.hpp"

#include <set>
#include <string>

#include "sampling/machine_stack.hpp"

namespace boltzkit {
namespace {

bool sameLayer(const Layer& a, const Layer& b) { return a.type == b.type && a.places == b.places && a.size == b.size; }

void requirePair(const Machine& up, const Machine& down, std::size_t level) {
  const std::string which = "level " + std::to_string(level + 1);
  for (const Machine* machine : {&up, &down})
    if (machine->wiring().layers().size() != 2 || machine->wiring().couplings().size() != 1)
      throw parameterError(which + " must have machines of two layers and one coupling, got one of " +
                           std::to_string(machine->wiring().layers().size()) + " and " +
                           std::to_string(machine->wiring().couplings().size()));
  for (std::size_t l = 0; l < 2; ++l)
    if (!sameLayer(up.wiring().layers()[l], down.wiring().layers()[l]))
      throw parameterError(which + " must have machines of one wiring; they differ in layer '" + up.wiring().layers()[l].name + "'");
  if (std::string(up.backend().name()) != down.backend().name()) throw parameterError(which + " must have machines of one device");
  Conditional(down.backend(), down, 1, 0, 1);
}

}  // namespace

void requireLevels(const Levels& levels, const Machine& top) {
  if (levels.up.empty() || levels.up.size() != levels.down.size())
    throw parameterError("`up` and `down` must have the same number of machines, at least one, got " + std::to_string(levels.up.size()) +
                         " and " + std::to_string(levels.down.size()));
  std::set<const Machine*> all{&top};
  for (const auto* half : {&levels.up, &levels.down})
    for (const std::shared_ptr<Machine>& machine : *half)
      if (!all.insert(machine.get()).second)
        throw parameterError("all machines of `up` and `down`, and the top one, must be different ones");
  const MachineStack stack({levels.up.begin(), levels.up.end()}, Draw::sample);
  for (std::size_t l = 0; l < levels.up.size(); ++l) requirePair(*levels.up[l], *levels.down[l], l);
  stack.requireFits(top.wiring().layers()[0]);
  stack.requireOn(top.backend());
  if (keepsTotal(top.wiring().layers()[0].type)) throw parameterError("the top machine must not have counts as layer 0");
}

}  // namespace boltzkit
