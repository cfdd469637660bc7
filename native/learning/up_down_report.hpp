// What a run of up-down learning tells after an epoch.
#pragma once
#include <span>
#include <vector>

#include "learning/epoch_report.hpp"
#include "learning/up_down_passes.hpp"
#include "monitoring/watched_rows.hpp"

namespace boltzkit {

class UpDownMonitor {
 public:
  // Watches at most `monitorRows` rows, the same at every epoch. `rowWeights` is empty or has one
  // weight per row.
  UpDownMonitor(Machine& top, const Levels& levels, UpDownPasses& passes, const LayerData& bottom, std::span<const double> rowWeights,
                std::size_t monitorRows);

  UpDownReport measure();
  // Root mean square of the weights of all machines.
  double weightNorm() const;

 private:
  void watchRows(UpDownReport& report, std::vector<double>& freeEnergy);

  Machine& top_;
  const Levels& levels_;
  UpDownPasses& passes_;
  const LayerData& bottom_;
  WatchedRows watched_;
};

}  // namespace boltzkit
