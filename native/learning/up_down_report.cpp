#include "learning/up_down_report.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "machine/energy.hpp"
#include "monitoring/none.hpp"

namespace boltzkit {
namespace {

double meanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void append(const std::vector<double>& some, std::vector<double>& all) { all.insert(all.end(), some.begin(), some.end()); }

}  // namespace

UpDownMonitor::UpDownMonitor(Machine& top, const Levels& levels, UpDownPasses& passes, const LayerData& bottom,
                             std::span<const double> rowWeights, std::size_t monitorRows)
    : top_(top), levels_(levels), passes_(passes), bottom_(bottom), watched_(watchedRows(bottom.rows(), rowWeights, monitorRows)) {}

UpDownReport UpDownMonitor::measure() {
  const std::size_t levels = levels_.up.size();
  UpDownReport report{std::vector<double>(levels, none), std::vector<double>(levels, none), none};
  if (watched_.rows.empty()) return report;
  Backend& backend = top_.backend();
  const std::size_t dreams = passes_.particles().rows();
  for (std::size_t l = 0; l < levels; ++l) {
    Conditional recognition(backend, *levels_.up[l], 0, 1, dreams);
    report.recognition[l] = -meanOf(
        reduced(backend, dreams, [&](const RowSum& sum) { recognition.logLikelihoods(passes_.dream(l), passes_.dream(l + 1), sum); }));
  }
  std::vector<double> ofRows, ofChains(dreams);
  watchRows(report, ofRows);
  freeEnergies(top_, passes_.particles(), passes_.given(), ofChains);
  report.freeEnergyGap = meanOf(ofChains) - watched_.mean(ofRows);
  return report;
}

// Rows on their way up, drawn with the same words in every epoch.
void UpDownMonitor::watchRows(UpDownReport& report, std::vector<double>& freeEnergy) {
  Backend& backend = top_.backend();
  const std::size_t levels = levels_.up.size(), chunk = std::min(chunkRows, watched_.rows.size());
  std::vector<std::vector<double>> likelihoods(levels);
  std::vector<Conditional> up, down;
  std::vector<States> states;  // of every level
  for (std::size_t l = 0; l < levels; ++l) {
    up.emplace_back(backend, *levels_.up[l], 0, 1, chunk);
    down.emplace_back(backend, *levels_.down[l], 1, 0, chunk);
    states.emplace_back(*levels_.down[l], chunk);
  }
  States top(top_, chunk);
  const OrderPtr order = backend.order(watched_.rows);
  for (std::size_t first = 0; first < watched_.rows.size(); first += chunk) {
    const Batch batch{order.get(), first, std::min(chunk, watched_.rows.size() - first)};
    top.setRows(batch.count);
    if (passes_.labels()) passes_.labels()->gather(batch, top);
    for (std::size_t l = 0; l < levels; ++l) {
      states[l].setRows(batch.count);
      if (l == 0) bottom_.gather(batch, states[0]);
      // The last step of the purpose, which its count never comes near.
      const DrawWords words{{top_.seed(), Purpose::monitor, static_cast<std::uint8_t>(l), maxStreamStep},
                            static_cast<std::uint32_t>(first)};
      up[l].draw(states[l][0], words, states[l][1]);
      if (l + 1 < levels) backend.axpby(1, states[l][1], 0, states[l + 1][0]);
      append(reduced(backend, batch.count, [&](const RowSum& sum) { down[l].logLikelihoods(states[l][1], states[l][0], sum); }),
             likelihoods[l]);
    }
    std::vector<double> energies(batch.count);
    backend.axpby(1, states.back()[1], 0, top[0]);
    freeEnergies(top_, top, passes_.given(), energies);
    append(energies, freeEnergy);
  }
  for (std::size_t l = 0; l < levels; ++l) report.generative[l] = -watched_.mean(likelihoods[l]);
}

double UpDownMonitor::weightNorm() const {
  double squares = 0, count = 0;
  const auto add = [&](const Machine& machine) {
    for (std::size_t c = 0; c < machine.wiring().couplings().size(); ++c) {
      const Tensor& w = machine.weights(c);
      const std::vector<double> rows = reduced(top_.backend(), w.rows(), [&](const RowSum& sum) { top_.backend().rowDots(w, w, sum); });
      squares += std::accumulate(rows.begin(), rows.end(), 0.0);
      count += static_cast<double>(w.rows()) * static_cast<double>(w.cols());
    }
  };
  for (const auto* half : {&levels_.up, &levels_.down})
    for (const std::shared_ptr<Machine>& machine : *half) add(*machine);
  add(top_);
  return count > 0 ? std::sqrt(squares / count) : 0;
}

}  // namespace boltzkit
