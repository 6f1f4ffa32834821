#pragma once

#include <QString>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/runs/new_run.h"
#include "core/values/run.h"

namespace lvr {

// What a model's files say of its size.
struct ModelFacts {
    double parameters = 0, vision = 0;  // all; of the vision tower
    double embeddings = 0;              // input and output
    int layers = 0, hidden = 0, intermediate = 0;
    std::map<std::string, double> linears;  // "q_proj": inputs + outputs of all layers
    bool operator==(const ModelFacts&) const = default;
};
// Looks at the disk. Nothing: no such model, or not one we know.
std::optional<ModelFacts> readModelFacts(const QString& model);

// Steps on this machine that tell what others like them will take.
struct EarlierRun {
    std::int64_t id = 0;  // 0: of no run, they were timed for this
    double secondsPerStep = 0;
    double rowsPerStep = 0;  // questions or rollouts
    double memoryMb = 0;     // 0: not measured
};
// Of runs, newest first, the first with the same kind, model and device.
std::optional<EarlierRun> earlierRun(const NewRun& run, const std::vector<RunSummary>& runs);

// How many records its data has that can be trained on; 0: none, or they can't be read. Reads them.
double recordsIn(const NewRun& run);

double rowsPerStep(const NewRun& run);  // questions or rollouts that a step computes

// What a run will take, before it is started. Nothing here is exact; what can't be known is left
// out.
struct RunEstimate {
    double weights = 0, optimizer = 0, activations = 0;  // bytes; the last at most
    double allocator = 0;  // bytes on a GPU: what is temporary, and what the allocator holds
    double steps = 0;
    double secondsPerStep = 0;  // 0: unknown
    double epochs = 0;          // 0: unknown
    std::int64_t timeFrom = 0;  // the run its time was measured on; 0: steps timed for it
    double measuredMb = 0;      // that run took; 0: unknown
    double bytes() const { return weights + optimizer + activations + allocator; }
};
// records: of its data; 0: unknown.
RunEstimate estimateRun(const NewRun& run, const ModelFacts& model,
                        const std::optional<EarlierRun>& earlier, double records = 0);
QString toText(const RunEstimate& estimate);   // one sentence
QString explain(const RunEstimate& estimate);  // where it is from

}  // namespace lvr
