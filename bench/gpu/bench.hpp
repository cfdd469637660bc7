// Shared by the benchmarks of the GPU.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../kernels/bench.hpp"
#include "json.hpp"
#include "machine/machine.hpp"

namespace boltzkit::bench {

// What all benchmarks get: the backends, the rows of data, and if everything is to be tiny.
struct Setting {
  std::shared_ptr<Backend> device, cpu;
  std::shared_ptr<const Rows> rows;
  bool quick;
};

// A measured figure. `must` and `goal` count at full size only.
struct Figure {
  std::string name, unit;
  bool moreIsBetter;
  double must, goal;
  std::vector<double> runs;
  std::optional<double> cpu;  // the same figure of the CPU backend, from one run
  Json work, checks;          // what was done, and how far the results were from others
  bool validated;
};

std::vector<Figure> benchGibbs(const Setting& setting);
std::vector<Figure> benchTraining(const Setting& setting);
std::vector<Figure> benchAnnealing(const Setting& setting);

// --- data --------------------------------------------------------------------------------------

// The 60,000 rows of train-images-idx3-ubyte in this folder: grey levels.
std::shared_ptr<const Rows> mnistRows(const std::string& folder);
// Bits, 13 % of them on as in MNIST, in short runs of columns like strokes.
std::shared_ptr<const Rows> strokeRows(std::size_t rows, std::size_t cols);

// --- machines ----------------------------------------------------------------------------------

// Parameters of a machine of two layers of Bernoulli units. Random weights alone would keep half of
// the units on. As in bench/lib/start.mjs, fields of the hidden units have a deviation of 1 over
// the data, visible biases are those of the columns' means, and hidden units are on in 15 % of all
// cases.
struct Start {
  std::vector<double> weights, down, up;
};
Start startOf(const std::vector<double>& means, std::size_t hidden);
std::vector<double> columnMeans(const Rows& rows);
Machine machineOf(std::shared_ptr<Backend> backend, const Start& start);

// --- times -------------------------------------------------------------------------------------

// Returns when the device has done all it was asked for.
inline void wait(Backend& backend) {
  double number;
  backend.read(*backend.doubles(1), std::span(&number, 1));
}

// Seconds of a job until all of it is done.
template <class Job>
double secondsOf(Backend& backend, Job&& job) {
  double seconds = 0;
  backend.run([&] {
    wait(backend);
    const double start = now();
    job();
    wait(backend);
    seconds = now() - start;
  });
  return seconds;
}

}  // namespace boltzkit::bench
