// Updates of a network by backpropagation: the gradient of the mean loss of a minibatch, and a step
// of SGD with momentum or of Adam.
//   Rumelhart, Hinton & Williams, Nature 323 (1986); Kingma & Ba, ICLR 2015, algorithm 1.
// After a step the norms of each unit's incoming weights are limited, if asked for: Srivastava,
// Hinton, Krizhevsky, Sutskever & Salakhutdinov, JMLR 15 (2014), section 5.1.
// With options.lbfgs: learning/lbfgs_update.hpp.
#pragma once
#include <memory>
#include <vector>

#include "learning/network_options.hpp"
#include "learning/update.hpp"
#include "network/network_data.hpp"

namespace boltzkit {

// `validation`: null without. Rows are weighted by `rowWeights`; empty: alike. Throws on options,
// rows or weights that do not fit.
std::unique_ptr<Update> networkUpdate(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data,
                                      const NetworkRows* validation, std::vector<double> rowWeights);

}  // namespace boltzkit
