#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "core/sft/training_set.h"
#include "core/train/shares.h"
#include "core/train/train_state.h"
#include "core/values/train_options.h"

namespace lvr {

// What a step asks about one picture.
struct DrawnPicture {
    struct Question {
        int record = 0;
        std::uint64_t seed = 0;  // of what is random in its row
    };
    int picture = 0;  // index into TrainingSet::pictures
    std::vector<Question> questions;
};

// What is drawn for each step: all of it from one generator, and nothing of it depends on what is
// in the images, on worker threads or on the number of ranks.
class SftSampler {
public:
    SftSampler(const TrainingSet& set, const SftOptions& options);
    // Records (Sampling::Records) or pictures in random order, each once before any again, and no
    // more than there are; with shares so from each data, as its share says. focus[k] multiplies
    // how often kind k is drawn from a picture.
    std::vector<DrawnPicture> next(const std::vector<double>& focus);
    double uniform();                            // 0..1
    std::int64_t seen() const { return seen_; }  // records drawn so far

    void save(TrainState& state) const;
    void load(const TrainState& state);

private:
    std::vector<DrawnPicture> nextRecords();
    std::vector<DrawnPicture> nextPictures(const std::vector<double>& focus);
    struct Pool {
        std::vector<std::int64_t> order;  // records or pictures, reshuffled when used up
        std::int64_t drawn = 0;
    };
    int poolOfNext();  // whose turn it is
    std::int64_t drawFrom(Pool& pool);
    std::vector<DrawnPicture::Question> drawQuestions(int picture, const std::vector<double>& focus,
                                                      int most);
    std::vector<double> sharesOfPools() const;
    int below(int count);

    const TrainingSet& set_;
    const SftOptions& options_;
    std::vector<double> weights_;  // per kind
    std::vector<int> pictureOf_;   // per record
    std::vector<Pool> pools_;      // of each data that has a share; one of all without shares
    std::optional<Shares> shares_;
    std::int64_t most_ = 0;  // that a step draws: as many as there are
    std::int64_t seen_ = 0;
    std::mt19937_64 random_;
};

// How many records a step draws, on average where pictures are drawn.
double recordsPerStep(const TrainingSet& set, const SftOptions& options);
// SftOptions::epochs as a number of steps.
int stepsOfEpochs(double epochs, const TrainingSet& set, const SftOptions& options);

}  // namespace lvr
