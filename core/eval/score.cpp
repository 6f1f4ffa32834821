#include "core/eval/score.h"

#include "core/error.h"
#include "core/model/pack.h"
#include "core/model/visual_tokens.h"
#include "core/text/chat_template.h"
#include "core/text/response.h"
#include "core/torch.h"
#include "core/train/losses.h"
#include "core/vision/image_file.h"
#include "core/vision/patch_grid.h"

namespace lvr {
namespace {

// Prompt and response, and where what is in it. All indices are into the response.
struct ScoredSequence {
    std::vector<std::int64_t> prompt, response;
    std::vector<std::int64_t> slots, targets;  // where a visual token is fed, and which
    std::vector<std::int64_t> latentEnds;      // where lvr_latent_end_emb is fed
    std::vector<std::int64_t> labels;          // supervised ids
};

class SequenceBuilder {
public:
    SequenceBuilder(const LvrCheckpoint& checkpoint, LatentEndToken latentEnd)
        : checkpoint_(checkpoint),
          tokens_(checkpoint.rules.tokens),
          hasVector_(checkpoint.model.latentEnd().defined()),
          appends_(tokens_.latentEnd && (hasVector_ || latentEnd == LatentEndToken::Appended)),
          isInPlace_(checkpoint.rules.dialect.first == Dialect::First::InPlaceOfStart) {}

    void add(const ResponsePiece& piece) {
        if (!piece.targets.empty()) {
            checkpoint_.checkThinks();
            supervise(tokens_.start);
            // A latent may stand in the place of start.
            if (isInPlace_) out_.slots.push_back(std::ssize(out_.response) - 1);
            for (std::size_t k = isInPlace_; k < piece.targets.size(); ++k) {
                out_.slots.push_back(std::ssize(out_.response));
                out_.response.push_back(tokens_.latent);
            }
            out_.targets.insert(out_.targets.end(), piece.targets.begin(), piece.targets.end());
            if (appends_) addLatentEnd();
            supervise(tokens_.end);
        }
        for (const auto id : piece.text) supervise(id);
    }
    ScoredSequence done(std::vector<std::int64_t> prompt) {
        out_.prompt = std::move(prompt);
        return std::move(out_);
    }

private:
    void supervise(std::int64_t id) {
        out_.labels.push_back(std::ssize(out_.response));
        out_.response.push_back(id);
    }
    void addLatentEnd() {
        if (!hasVector_) return supervise(*tokens_.latentEnd);
        out_.latentEnds.push_back(std::ssize(out_.response));
        out_.response.push_back(*tokens_.latentEnd);
    }

    const LvrCheckpoint& checkpoint_;
    LvrTokens tokens_;
    bool hasVector_, appends_, isInPlace_;
    ScoredSequence out_;
};

torch::Tensor idTensor(const std::vector<std::int64_t>& values, torch::Device device) {
    return torch::tensor(values, torch::kInt64).to(device);
}

// As a pack: all of the prompt but its last token, and that with the response.
Pack packOf(const LvrModel& model, const ScoredSequence& sequence, const VisualTokens& images) {
    Pack pack;
    const std::vector<std::int64_t> prefix(sequence.prompt.begin(), sequence.prompt.end() - 1);
    pack.add(PackedPrefix{prefix, images, ropeIndex(prefix, images.grids, model.config())});
    PackedRow row{.ids = {sequence.prompt.back()}};
    row.ids.insert(row.ids.end(), sequence.response.begin(), sequence.response.end());
    pack.add(std::move(row));
    return pack;
}

// What the row holds in the place of ids.
std::vector<PackedVectors> vectorsOf(const LvrModel& model, const ScoredSequence& sequence,
                                     const torch::Tensor& visual) {
    const auto device = model.device();
    std::vector<PackedVectors> vectors;
    if (!sequence.slots.empty())
        vectors.push_back({idTensor(sequence.slots, device) + 1,
                           visual.index_select(0, idTensor(sequence.targets, device))});
    if (!sequence.latentEnds.empty())
        vectors.push_back(
            {idTensor(sequence.latentEnds, device) + 1, model.latentEnd().unsqueeze(0)});
    return vectors;
}

// predicted, wanted: [M, D]
LatentDistance distance(const torch::Tensor& predicted, const torch::Tensor& wanted) {
    const auto of = [&](LatentLoss kind) {
        return reconstructionLoss(predicted, wanted, predicted.new_ones({predicted.size(0)}), kind)
            .item<double>();
    };
    return {of(LatentLoss::Mse), of(LatentLoss::Mae), of(LatentLoss::Cosine)};
}

// hidden: of the row. [R + 1, D]
TeacherForced gather(const LvrModel& model, const ScoredSequence& sequence,
                     const torch::Tensor& hidden, const torch::Tensor& visual) {
    const auto device = model.device();
    const auto before = [&](const std::vector<std::int64_t>& at) {  // the states that predict them
        return hidden.index_select(0, idTensor(at, device));
    };
    TeacherForced forced;
    forced.logits = model.logits(before(sequence.labels)).to(torch::kFloat32);
    forced.labels =
        idTensor(sequence.response, device).index_select(0, idTensor(sequence.labels, device));
    if (!sequence.slots.empty()) {
        forced.latents = model.latent(before(sequence.slots)).to(torch::kFloat32);
        forced.targets =
            visual.index_select(0, idTensor(sequence.targets, device)).to(torch::kFloat32);
    }
    if (!sequence.latentEnds.empty()) {
        forced.latentEnds = model.latent(before(sequence.latentEnds)).to(torch::kFloat32);
        forced.endTargets =
            model.latentEnd().unsqueeze(0).to(torch::kFloat32).expand_as(forced.latentEnds);
    }
    return forced;
}

Pixels pixelsOf(const ScoreRecord& record, const PreprocessConfig& preprocessing) {
    try {
        std::vector<Image> images;
        for (const auto& file : record.images) images.push_back(readImage(file));
        return preprocess(images, preprocessing);
    } catch (const Error& error) {
        throw Error(record.name + ": " + error.what());
    }
}

// Said before the encoder runs.
void checkLength(const ScoredSequence& sequence, const ModelConfig& config,
                 const std::string& name) {
    const auto positions = std::ssize(sequence.prompt) + std::ssize(sequence.response);
    if (positions > config.text.maxPositionEmbeddings)
        throw Error(name + ": it has " + std::to_string(positions) +
                    " positions, and this model reads at most " +
                    std::to_string(config.text.maxPositionEmbeddings) +
                    "; lower --max-pixels or leave it out");
}

LatentDistance operator*(const LatentDistance& distance, double factor) {
    return {distance.mse * factor, distance.mae * factor, distance.cosine * factor};
}

void add(LatentDistance& sum, const LatentDistance& term) {
    sum.mse += term.mse;
    sum.mae += term.mae;
    sum.cosine += term.cosine;
}

}  // namespace

TeacherForced teacherForce(const LvrCheckpoint& checkpoint, const ScoreRecord& record,
                           LatentEndToken latentEnd) {
    const auto pixels = pixelsOf(record, checkpoint.preprocess);
    SequenceBuilder builder(checkpoint, latentEnd);
    const auto boxes = tokensOfBoxes(record.boxes, pixels.grids, record.name);
    for (const auto& piece :
         encodeResponse(checkpoint.tokenizer, record.response, boxes, record.name))
        builder.add(piece);
    const auto sequence = builder.done(checkpoint.prompt(pixels.grids, record.question));
    checkLength(sequence, checkpoint.model.config(), record.name);
    const auto& model = checkpoint.model;
    const auto visual = model.visualTokens(pixels);
    const auto pack = packOf(model, sequence, visual);
    const auto hidden = PackReading(model, pack).hidden(vectorsOf(model, sequence, visual.tokens));
    return gather(model, sequence, hidden, visual.tokens);
}

Score scoreRecord(const LvrCheckpoint& checkpoint, const ScoreRecord& record,
                  LatentEndToken latentEnd) {
    const torch::NoGradGuard frozen;
    const auto forced = teacherForce(checkpoint, record, latentEnd);
    Score score;
    score.supervised = static_cast<int>(forced.labels.size(0));
    score.ce = torch::cross_entropy_loss(forced.logits, forced.labels).item<double>();
    if (forced.latents.defined()) {
        score.pairs = static_cast<int>(forced.latents.size(0));
        score.latent = distance(forced.latents, forced.targets);
    }
    if (forced.latentEnds.defined()) {
        score.latentEnds = static_cast<int>(forced.latentEnds.size(0));
        score.latentEnd = distance(forced.latentEnds, forced.endTargets);
    }
    return score;
}

Score total(const std::vector<Score>& scores) {
    Score sum;
    for (const auto& score : scores) {
        sum.ce += score.ce * score.supervised;
        sum.supervised += score.supervised;
        add(sum.latent, score.latent * score.pairs);
        sum.pairs += score.pairs;
        add(sum.latentEnd, score.latentEnd * score.latentEnds);
        sum.latentEnds += score.latentEnds;
    }
    sum.ce /= std::max(1, sum.supervised);
    sum.latent = sum.latent * (1.0 / std::max(1, sum.pairs));
    sum.latentEnd = sum.latentEnd * (1.0 / std::max(1, sum.latentEnds));
    return sum;
}

}  // namespace lvr
