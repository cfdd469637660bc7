// The data and the machines that the benchmarks start from.
#include <cmath>
#include <fstream>
#include <utility>

#include "bench.hpp"

namespace boltzkit::bench {
namespace {

constexpr double shareOn = 0.131;  // mean of MNIST's grey levels

std::uint32_t bigEndian(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

std::shared_ptr<const Rows> mnistRows(const std::string& folder) {
  constexpr std::size_t header = 16, pixels = 784, count = 60000;
  const std::string path = folder + "/train-images-idx3-ubyte";
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes(header + count * pixels);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file || bigEndian(bytes, 0) != 0x803) throw parameterError(path + " is no file of 60,000 pictures in idx format");
  auto rows = std::make_shared<Rows>(pixels, Domain{});
  rows->append(Rows::Source<std::uint8_t>{bytes.data() + header, 0, pixels, 1, count, 1.0 / 255});
  return rows;
}

std::shared_ptr<const Rows> strokeRows(std::size_t rows, std::size_t cols) {
  Dice dice(3);
  constexpr std::size_t length = 5;
  // Strokes fall into the middle 70 % of the columns, and on each other.
  const double wide = 0.7 * static_cast<double>(cols);
  const auto strokes = static_cast<std::size_t>(std::lround(-std::log(1 - shareOn / 0.7) * wide / length));
  std::vector<std::uint8_t> values(rows * cols);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t s = 0; s < strokes; ++s) {
      const auto first = static_cast<std::size_t>(0.15 * static_cast<double>(cols) + dice.uniform() * (wide - length));
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(r * cols + first), length, std::uint8_t{1});
    }
  auto packed = std::make_shared<Rows>(cols, Domain{});
  packed->append(Rows::Source<std::uint8_t>{values.data(), 0, static_cast<std::ptrdiff_t>(cols), 1, rows});
  return packed;
}

std::vector<double> columnMeans(const Rows& rows) {
  std::vector<double> means(rows.cols());
  for (std::size_t r = 0; r < rows.rows(); ++r)
    for (std::size_t j = 0; j < rows.cols(); ++j) means[j] += rows.table()[rows.codes()[r * rows.cols() + j]];
  for (double& mean : means) mean /= static_cast<double>(rows.rows());
  return means;
}

Start startOf(const std::vector<double>& means, std::size_t hidden) {
  double on = 0;
  for (const double mean : means) on += mean;
  Start start{std::vector<double>(means.size() * hidden), {}, std::vector<double>(hidden, std::log(0.15 / 0.85))};
  Dice dice(11);
  for (double& w : start.weights) w = static_cast<float>(dice.normal() / std::sqrt(on));
  for (std::size_t i = 0; i < means.size(); ++i) {
    start.down.push_back(std::log((means[i] + 1e-5) / (1 - means[i] + 1e-5)));
    for (std::size_t j = 0; j < hidden; ++j) start.up[j] -= means[i] * start.weights[i * hidden + j];
  }
  return start;
}

Machine machineOf(std::shared_ptr<Backend> backend, const Start& start) {
  Machine machine(std::move(backend),
                  Wiring({{"visible", UnitType::bernoulli, start.down.size()}, {"hidden", UnitType::bernoulli, start.up.size()}}, {{0, 1}}),
                  1, 0);
  machine.backend().upload(std::span<const double>(start.weights), machine.weights(0));
  machine.backend().upload(std::span<const double>(start.down), machine.unitParameters(0));
  machine.backend().upload(std::span<const double>(start.up), machine.unitParameters(1));
  return machine;
}

}  // namespace boltzkit::bench
