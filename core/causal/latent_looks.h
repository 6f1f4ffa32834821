#pragma once

#include <stop_token>
#include <vector>

#include "core/causal/untouched.h"
#include "core/model/lvr_checkpoint.h"
#include "core/values/causal.h"

namespace lvr {

// Fills in early answers, what is near each latent, influence, cosine and projection of a question
// that was thought about and answered. Throws Cancelled.
void lookAtLatents(const LvrCheckpoint& checkpoint, const CausalQuestion& question,
                   const Untouched& untouched, std::stop_token stop, CausalPanel& panel);

// What each latent and the answer's first word attend to in the first picture: mean over heads and
// layers, [visual tokens] each. Empty without a picture.
std::vector<std::vector<float>> latentAttention(const LvrCheckpoint& checkpoint,
                                                const Untouched& untouched);
std::vector<float> answerAttention(const LvrCheckpoint& checkpoint, const Untouched& untouched);

// The answer if the thought ended after k latents, k = 0 .. all: one pass.
std::vector<EarlyAnswer> earlyAnswers(const LvrCheckpoint& checkpoint, const Untouched& untouched,
                                      std::stop_token stop = {});

// [n, n], row-major: what a nudge of latent i changes in latent j, both relative to their norms.
std::vector<double> influenceOfSteps(const LvrCheckpoint& checkpoint, const Untouched& untouched,
                                     std::stop_token stop = {});

// Of each vector that has a target: the rank of its region's best visual token. vectors: [n, D]
std::vector<int> targetRanks(const torch::Tensor& vectors, const std::vector<Box>& targets,
                             const Untouched& untouched);
// Of the best token of `target` among all by similarity (larger is nearer), counted from 1; ties
// count half against it, rounded up.
int rankOfBest(const std::vector<float>& similarity, const std::vector<int>& target);

std::vector<float> floatsOf(const torch::Tensor& tensor);  // its numbers in order

}  // namespace lvr
