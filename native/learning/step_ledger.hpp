// Counts the steps that a backend has accepted, for updates whose outcome is read late. A refusal
// lasts until the outcome is reset; the model is then at its last accepted step.
#pragma once
#include <optional>
#include <utility>

#include "backend.hpp"

namespace boltzkit {

class StepLedger {
 public:
  explicit StepLedger(Backend& backend) : backend_(backend), outcome_(backend.stepOutcome()) {}

  StepOutcome& outcome() { return *outcome_; }
  // Call before step number `step` of the run, which is number `updates` of the model.
  void begin(std::uint64_t step, std::uint64_t updates) {
    if (!std::exchange(counting_, true)) from_ = {step, updates};
  }
  // True if the outcome should be read after step number `step` (from 0).
  bool due(std::uint64_t step) const { return (step + 1) % backend_.stepsBetweenReads() == 0; }

  struct Refusal {
    Verdict verdict;
    std::uint64_t complete, updates;  // steps of the run and of the model before it
  };
  // Waits for all steps so far. After a refusal the next `begin` counts afresh.
  std::optional<Refusal> refusal() {
    const Verdict verdict = backend_.read(*outcome_);
    if (verdict.refused < 0) return std::nullopt;
    startOver();
    return Refusal{verdict, from_.step + verdict.accepted, from_.updates + verdict.accepted};
  }
  void startOver() {
    backend_.reset(*outcome_);
    counting_ = false;
  }

 private:
  Backend& backend_;
  StepOutcomePtr outcome_;
  struct {
    std::uint64_t step, updates;
  } from_{};
  bool counting_ = false;
};

}  // namespace boltzkit
