#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/model/lvr_checkpoint.h"

namespace lvr {

// What is scored: one human and one gpt turn about its images.
struct ScoreRecord {
    std::string name;  // for errors
    std::vector<std::filesystem::path> images;
    std::string question;
    std::string response;  // gpt turn with its <lvr>
    std::vector<Box> boxes;
};

// Means over pairs of a latent and the vector it should be (lvr-spec 3.3), over channels too.
struct LatentDistance {
    double mse = 0, mae = 0;
    double cosine = 0;  // 1 - cosine similarity
};

// Losses of one record or of many under teacher forcing, without training (lvr-spec 3.1 to 3.4).
struct Score {
    double ce = 0;             // mean over supervised tokens
    int supervised = 0;        // the response without <|lvr|>, and without lvr_latent_end when
                               // the model has a vector for it
    LatentDistance latent;     // hidden state, through the lvr_head, to visual token
    int pairs = 0;             // of them
    LatentDistance latentEnd;  // hidden state after the last latent to lvr_latent_end_emb
    int latentEnds = 0;        // 0 without lvr_latent_end_emb
};

// Where <|lvr_latent_end|> stands between the last latent and <|lvr_end|>. A model with a latent
// end vector has it always.
enum class LatentEndToken { LeftOut, Appended };

// What the losses compare, with the graph that leads to it unless gradients are off.
struct TeacherForced {
    torch::Tensor logits, labels;          // [L, V], [L]
    torch::Tensor latents, targets;        // [M, D]; undefined without slots
    torch::Tensor latentEnds, endTargets;  // [E, D]; undefined without lvr_latent_end_emb
};

// One forward pass over prompt and response. Reads the images. Throws Error that begins with the
// record's name.
TeacherForced teacherForce(const LvrCheckpoint& checkpoint, const ScoreRecord& record,
                           LatentEndToken latentEnd);
Score scoreRecord(const LvrCheckpoint& checkpoint, const ScoreRecord& record,
                  LatentEndToken latentEnd);
// Means over all tokens and all pairs, not over records.
Score total(const std::vector<Score>& scores);

}  // namespace lvr
