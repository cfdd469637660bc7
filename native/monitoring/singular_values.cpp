#include "monitoring/singular_values.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/random.hpp"

namespace boltzkit {
namespace {

// Limit on the sweeps of rotations; about twelve suffice for any matrix of this size.
constexpr std::size_t mostSweeps = 64;

using Matrix = std::vector<std::vector<double>>;

double dot(const std::vector<double>& a, const std::vector<double>& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

// Gram & Schmidt, applied twice to each vector. A vector in the span of the previous ones becomes
// zero.
void orthonormalise(Matrix& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double before = std::sqrt(dot(rows[i], rows[i]));
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t j = 0; j < i; ++j) {
        const double part = dot(rows[i], rows[j]);
        for (std::size_t k = 0; k < rows[i].size(); ++k) rows[i][k] -= part * rows[j][k];
      }
    const double norm = std::sqrt(dot(rows[i], rows[i]));
    for (double& x : rows[i]) x = norm > 1e-9 * before ? x / norm : 0;
  }
}

// Eigenvalues of a symmetric matrix, in falling order (Golub & Van Loan, algorithm 8.5.3).
std::vector<double> eigenvalues(Matrix m) {
  const std::size_t n = m.size();
  auto rotate = [&](std::size_t p, std::size_t q) {
    if (m[p][q] == 0) return;
    const double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
    const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1)), c = 1 / std::sqrt(t * t + 1), s = t * c;
    for (std::size_t k = 0; k < n; ++k) {
      const double a = m[k][p], b = m[k][q];
      m[k][p] = c * a - s * b;
      m[k][q] = s * a + c * b;
    }
    for (std::size_t k = 0; k < n; ++k) {
      const double a = m[p][k], b = m[q][k];
      m[p][k] = c * a - s * b;
      m[q][k] = s * a + c * b;
    }
    m[p][q] = m[q][p] = 0;
  };
  auto outside = [&] {
    double sum = 0, all = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) (i == j ? all : sum) += m[i][j] * m[i][j];
    return sum > 1e-30 * (all + sum);
  };
  for (std::size_t sweep = 0; sweep < mostSweeps && outside(); ++sweep)
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) rotate(p, q);
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(m[i][i]);
  std::sort(values.begin(), values.end(), std::greater<>());
  return values;
}

// x W or x W^T, row by row.
class Products {
 public:
  Products(const Machine& machine, std::size_t coupling, std::size_t rows)
      : backend_(machine.backend()),
        coupling_(machine.wiring().couplings()[coupling]),
        weights_(machine.weights(coupling)),
        a_(backend_.tensor(rows, machine.places(coupling_.a))),
        b_(backend_.tensor(rows, machine.places(coupling_.b))) {}

  std::size_t width() const { return a_->cols(); }
  Matrix apply(const Matrix& x, bool transposed) {
    Tensor &from = transposed ? *b_ : *a_, &to = transposed ? *a_ : *b_;
    std::vector<double> flat;
    for (const std::vector<double>& row : x) flat.insert(flat.end(), row.begin(), row.end());
    backend_.upload(std::span<const double>(flat), from);
    const FieldTerm term{&from, &weights_, transposed && !coupling_.graph, 1, coupling_.graph.get()};
    backend_.fields(std::span(&term, 1), false, to);
    flat.resize(to.rows() * to.cols());
    backend_.download(to, std::span<double>(flat));
    Matrix y;
    for (std::size_t r = 0; r < x.size(); ++r) y.emplace_back(flat.data() + r * to.cols(), flat.data() + (r + 1) * to.cols());
    return y;
  }

 private:
  Backend& backend_;
  const Coupling& coupling_;
  const Tensor& weights_;
  TensorPtr a_, b_;
};

// The same vectors in every call, so that the result depends only on the weights.
Matrix startVectors(std::size_t rows, std::size_t width) {
  Matrix x(rows, std::vector<double>(width));
  const Stream stream{0, Purpose::monitor, 0, 0};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t k = 0; k < width; ++k)
      x[r][k] = uniform<double>(streamWords(stream, static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(k)).w[0]) - 0.5;
  return x;
}

}  // namespace

std::vector<double> largestSingularValues(const Machine& machine, std::size_t coupling, std::size_t count) {
  const Coupling& c = machine.wiring().couplings()[coupling];
  const std::size_t rows = std::min({subspace, machine.places(c.a), machine.places(c.b)});
  Products products(machine, coupling, rows);
  Matrix x = startVectors(rows, products.width());
  orthonormalise(x);
  Matrix y = products.apply(x, false);
  for (std::size_t i = 0; i < subspaceIterations; ++i) {
    x = products.apply(y, true);
    orthonormalise(x);
    y = products.apply(x, false);
  }
  Matrix gram(rows, std::vector<double>(rows));
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < rows; ++j) gram[i][j] = dot(y[i], y[j]);
  std::vector<double> values = eigenvalues(std::move(gram));
  values.resize(std::min(count, rows));
  for (double& value : values) value = std::sqrt(std::max(0.0, value));
  return values;
}

}  // namespace boltzkit
