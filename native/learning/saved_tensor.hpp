// A tensor that a run keeps between two updates, and how checkpoints treat it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "backend.hpp"

namespace boltzkit {

using NamedTensors = std::map<std::string, Tensor*>;

struct SavedTensor {
  // Which run may load the tensor: any later run, a later run with the same kind of optimiser, or
  // only the same run on resume.
  enum class Scope { model, optimiser, run };

  std::string name;
  Tensor* tensor;
  Scope scope = Scope::model;
  // True until the run is prepared, or a state has filled all tensors that share the flag. Null:
  // never fresh.
  bool* fresh = nullptr;
  bool optional = false;  // states of earlier versions lack it
};

inline NamedTensors byName(const std::vector<SavedTensor>& tensors) {
  NamedTensors all;
  for (const SavedTensor& t : tensors) all[t.name] = t.tensor;
  return all;
}

}  // namespace boltzkit
