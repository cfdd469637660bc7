// Updates of a network by limited-memory BFGS: some iterations on the mean loss of one large batch,
// with l2 / 2 times the squared weights. What is dropped is the same for all of them.
//   Liu & Nocedal, Mathematical Programming 45 (1989); Nocedal & Wright, Numerical Optimization
//   (2nd ed., 2006), algorithm 7.5; on batches of some thousand rows: Le, Ngiam, Coates, Lahiri,
//   Prochnow & Ng, ICML 2011, in place of the conjugate gradients of Hinton & Salakhutdinov,
//   Science 313 (2006).
// Every batch starts afresh: gradient changes of another batch are those of another function. So a
// run keeps nothing from update to update.
#pragma once
#include <memory>

#include "learning/network_run.hpp"

namespace boltzkit {

// Throws ParameterError on options that do not go with it: l1, maxNorm, rates besides 0 and 1.
std::unique_ptr<Update> lbfgsUpdate(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data,
                                    const NetworkRows* validation, std::vector<double> rowWeights);

}  // namespace boltzkit
