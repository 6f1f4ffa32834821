#pragma once

#include "app/compare/sample_sets.h"
#include "datasets/diagnosis/diagnose_sets.h"

namespace lvr {

// What `lvr diagnose --data` asks where it can name the choice, else the questions of Compare.
// Throws Error, and Cancelled when stopped.
DiagnoseSet openCausalSet(const SetChoice& choice, const std::stop_token& stop);

// Any questions as a set to test latents on, with what their words and answers tell of them.
DiagnoseSet causalSetOf(const SampleSet& samples, const SetChoice& choice);

// As `lvr diagnose --data` names the choice; empty: it can't.
std::string diagnosedData(const SetChoice& choice);

}  // namespace lvr
