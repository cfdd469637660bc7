// Common parts of the backends in host memory: row numbers and outcomes of steps as plain values.
#pragma once
#include <utility>

#include "backend.hpp"

namespace boltzkit {

struct HostOrder final : Order {
  explicit HostOrder(std::vector<std::uint32_t> numbers) : rows(std::move(numbers)) {}
  std::vector<std::uint32_t> rows;
};

struct HostOutcome final : StepOutcome {
  Verdict verdict;
};

class HostBackend : public Backend {
 public:
  OrderPtr order(std::vector<std::uint32_t> rows) override { return std::make_unique<HostOrder>(std::move(rows)); }
  StepOutcomePtr stepOutcome() override { return std::make_unique<HostOutcome>(); }
  Verdict read(const StepOutcome& outcome) override { return static_cast<const HostOutcome&>(outcome).verdict; }
  void reset(StepOutcome& outcome) override { verdictOf(outcome) = {}; }

  void optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots, StepOutcome& outcome) override {
    Verdict& verdict = verdictOf(outcome);
    if (verdict.refused < 0) verdict.refused = takeStep(step, slots);
    if (verdict.refused < 0) {
      ++verdict.accepted;
      return;
    }
    for (const ParameterSlot& slot : slots)
      if (slot.keepStep) fill(0, *slot.gradient);
  }

 protected:
  static Verdict& verdictOf(StepOutcome& outcome) { return static_cast<HostOutcome&>(outcome).verdict; }
  static std::span<const std::uint32_t> rowsOf(const Batch& batch) {
    return std::span(static_cast<const HostOrder&>(*batch.order).rows).subspan(batch.first, batch.count);
  }
  static void refuse(std::ptrdiff_t index, StepOutcome& outcome) {
    Verdict& verdict = verdictOf(outcome);
    if (verdict.refused >= 0) return;
    verdict.refused = index;
    --verdict.accepted;
  }
  // Returns the first slot whose new parameter would be out of bounds, with no parameter changed;
  // or -1.
  virtual std::ptrdiff_t takeStep(const OptimiserStep& step, std::span<const ParameterSlot> slots) = 0;
};

}  // namespace boltzkit
