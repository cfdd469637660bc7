#include "likelihood/belief_bound.hpp"

#include <algorithm>
#include <string>

#include "core/progress.hpp"
#include "likelihood/log_sum.hpp"
#include "machine/conditional.hpp"
#include "machine/energy.hpp"
#include "machine/enumeration.hpp"
#include "machine/normalisable.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

// The most states of a top machine that are counted per row where it has no closed form.
constexpr double mostTopStates = 1 << 12;

// -F of the top machine given its layer 0, the others summed out: in closed form, or by counting the
// states of as few layers as necessary (a layer of labels).
class TopSums {
 public:
  TopSums(const Machine& top, std::size_t rows) : top_(top), known_(noLayer(top)), enumeration_(top, onlyFirst(top)) {
    if (enumeration_.states() > mostTopStates)
      throw parameterError("the top machine's layers above layer 0 must be independent units, or have at most " + decimal(mostTopStates) +
                           " states to count in " + enumeration_.names());
    for (std::size_t l = 0; l < known_.size(); ++l) {
      known_[l] = l == 0 || enumeration_.counted()[l];
      counted_.push_back(l > 0 && known_[l] ? top.backend().tensor(1, top.places(l)) : nullptr);
      if (counted_[l]) top.backend().fill(1, *counted_[l]);
    }
    one_.emplace_back(top, 1);
    energies_.resize(rows);
  }

  void add(States& states, std::span<double> out) {
    std::vector<LogSum> sums(states.rows());
    const std::span<double> energies = std::span(energies_).first(states.rows());
    for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(enumeration_.states()); ++k) {
      enumeration_.write(k, one_.front());
      for (std::size_t l = 0; l < counted_.size(); ++l)
        if (counted_[l]) top_.backend().clamp(*counted_[l], one_.front()[l], states[l]);
      freeEnergies(top_, states, known_, energies);
      for (std::size_t r = 0; r < sums.size(); ++r) sums[r].add(-energies[r]);
    }
    for (std::size_t r = 0; r < sums.size(); ++r) out[r] += sums[r].value();
  }

 private:
  static std::vector<bool> onlyFirst(const Machine& top) {
    std::vector<bool> given = noLayer(top);
    given[0] = true;
    return given;
  }

  const Machine& top_;
  std::vector<bool> known_;
  Enumeration enumeration_;
  std::vector<TensorPtr> counted_;  // [1, places] of ones for each counted layer, else null
  std::vector<States> one_;         // one row
  std::vector<double> energies_;
};

// One draw up from each row of a chunk.
class Ascent {
 public:
  Ascent(Machine& top, const Levels& levels, std::size_t rows) : backend_(top.backend()), sums_(backend_.doubles(rows)) {
    for (std::size_t l = 0; l < levels.up.size(); ++l) {
      up_.emplace_back(backend_, *levels.up[l], 0, 1, rows);
      down_.emplace_back(backend_, *levels.down[l], 1, 0, rows);
      layers_.push_back(backend_.tensor(rows, levels.up[l]->places(0)));
    }
  }

  Tensor& bottom() { return *layers_.front(); }
  void setRows(std::size_t rows) {
    for (const TensorPtr& layer : layers_) layer->setRows(rows);
  }

  // Adds the sum over levels of log p(h_(l-1) | h_l) + H(q(. | h_(l-1))), and draws `above`.
  void run(const DrawWords& words, Tensor& above, std::span<double> out) {
    for (std::size_t l = 0; l < up_.size(); ++l) {
      Tensor& drawn = l + 1 < up_.size() ? *layers_[l + 1] : above;
      DrawWords own = words;
      own.stream.layer = static_cast<std::uint8_t>(l);
      up_[l].draw(*layers_[l], own, drawn);
      up_[l].entropies(*layers_[l], drawn, {sums_.get(), 1, l > 0});
      down_[l].logLikelihoods(drawn, *layers_[l], {sums_.get(), 1, true});
    }
    terms_.resize(out.size());
    backend_.read(*sums_, terms_);
    for (std::size_t r = 0; r < out.size(); ++r) out[r] += terms_[r];
  }

 private:
  Backend& backend_;
  std::vector<Conditional> up_, down_;
  std::vector<TensorPtr> layers_;  // of every level, its layer 0
  DoublesPtr sums_;
  std::vector<double> terms_;
};

}  // namespace

void beliefBound(Machine& top, const Levels& levels, std::shared_ptr<const Rows> rows, std::uint64_t samples, const Cancelled& cancelled,
                 std::span<double> out) {
  requireLevels(levels, top);
  requireNormalisable(top);
  if (samples == 0) throw parameterError("`samples` must be at least 1, got 0");
  const Machine& bottom = *levels.up.front();
  requireStates(bottom, {0, rows});
  const LayerData data(bottom, {{0, rows}});
  const Stream stream = top.random().next(Purpose::evaluation, samples);
  const std::size_t chunk = std::min(chunkRows, data.rows());
  if (chunk == 0) return;
  Ascent ascent(top, levels, chunk);
  TopSums sums(top, chunk);
  States above(top, chunk);
  std::fill(out.begin(), out.end(), 0.0);
  forEachChunk(bottom, data, cancelled, [&](std::size_t first, States& states) {
    const std::span<double> part = out.subspan(first, states.rows());
    ascent.setRows(states.rows());
    above.setRows(states.rows());
    for (std::uint64_t s = 0; s < samples; ++s) {
      throwIfCancelled(cancelled);
      top.backend().axpby(1, states[0], 0, ascent.bottom());
      DrawWords words{stream, static_cast<std::uint32_t>(first)};
      words.stream.step += s;
      ascent.run(words, above[0], part);
      sums.add(above, part);
      Progress::report(static_cast<double>(s + 1), static_cast<double>(samples));
    }
    for (double& value : part) value /= static_cast<double>(samples);
  });
}

}  // namespace boltzkit
