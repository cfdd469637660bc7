#include "ratings/softmax_case.hpp"

#include <algorithm>

namespace boltzkit::ratings {
namespace {

// Blocks of words from here on belong to visibles; those below to hidden units.
constexpr std::uint32_t visibleBlocks = 1u << 31;

class Words {
 public:
  Words(const Stream& stream, std::uint32_t chain, std::uint32_t firstBlock) : stream_(stream), chain_(chain), block_(firstBlock) {}
  float next() {
    if (at_ == 4) {
      words_ = streamWords(stream_, chain_, block_++);
      at_ = 0;
    }
    return uniform<float>(words_.w[at_++]);
  }

 private:
  Stream stream_;
  std::uint32_t chain_, block_;
  Words4 words_{};
  int at_ = 4;
};

std::uint8_t draw(const float* masses, std::size_t n, float u) {
  std::size_t k = 0;
  for (float below = masses[0]; k + 1 < n && u >= below; below += masses[k]) ++k;
  return static_cast<std::uint8_t>(k);
}

void drawHidden(const float* means, std::size_t hidden, Words words, float* states) {
  for (std::size_t j = 0; j < hidden; ++j) states[j] = words.next() < means[j] ? 1.0f : 0.0f;
}

void hiddenMeans(const SoftmaxMachine& machine, const float* field, float* means) {
  machine.kernels().logistic(field, machine.alive(), machine.stride(), means);
}

void copyFactors(const SoftmaxMachine& machine, std::size_t k, float* out) { std::copy_n(machine.factorsOf(k), machine.components(), out); }

void meanFactors(const SoftmaxMachine& machine, const float* masses, float* out) {
  const std::size_t categories = machine.categories();
  for (std::size_t c = 0; c < machine.components(); ++c) {
    const float* polynomial = machine.basis() + c * categories;
    out[c] = polynomial[0];  // the constant polynomial's mean is its value, without rounding
    if (c < machine.silent()) continue;
    out[c] = 0;
    for (std::size_t k = 0; k < categories; ++k) out[c] += masses[k] * polynomial[k];
  }
}

}  // namespace

void runPhases(const SoftmaxMachine& machine, std::size_t sweeps, bool means, std::uint64_t seed, std::uint64_t update,
               std::uint32_t chainNumber, const CasePhases& phases, CaseScratch& scratch) {
  const std::size_t n = phases.visibles.size(), components = machine.components(), categories = machine.categories();
  float* field = scratch.field.data();
  machine.field(phases.visibles, {phases.categories, n}, field);
  hiddenMeans(machine, field, phases.dataMeans);
  const float* from = phases.dataMeans;
  if (phases.chain) {
    machine.field(phases.visibles, {phases.chain, n}, field);
    hiddenMeans(machine, field, phases.modelMeans);
    from = phases.modelMeans;
  }
  for (std::size_t sweep = 0; sweep < sweeps; ++sweep) {
    const Stream stream{seed, Purpose::negative, static_cast<std::uint8_t>(sweep), update};
    drawHidden(from, machine.hidden(), Words(stream, chainNumber, 0), scratch.states.data());
    Words words(stream, chainNumber, visibleBlocks);
    std::copy(machine.hiddenBias().begin(), machine.hiddenBias().end(), field);
    for (std::size_t e = 0; e < n; ++e) {
      float* masses = phases.modelMasses + e * categories;
      float* factors = phases.modelFactors + e * components;
      machine.givenHidden(phases.visibles[e], scratch.states.data(), masses);
      if (means) {
        meanFactors(machine, masses, factors);
      } else {
        const std::uint8_t k = draw(masses, categories, words.next());
        if (phases.chain) phases.chain[e] = k;
        copyFactors(machine, k, factors);
      }
      machine.kernels().addRows(machine.row(phases.visibles[e]), factors, components, machine.stride(), field);
    }
    hiddenMeans(machine, field, phases.modelMeans);
    from = phases.modelMeans;
  }
}

}  // namespace boltzkit::ratings
