#include "app/runs/run_estimate.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <algorithm>
#include <cmath>

#include "core/checkpoint/hf_folder.h"
#include "core/checkpoint/model_config.h"
#include "core/error.h"
#include "core/store/process.h"
#include "datasets/data_mix.h"
#include "widgets/words.h"

namespace lvr {
namespace {

constexpr double kGiga = 1e9;
constexpr double kTypicalPrompt = 400;  // positions
constexpr double kAllocator = 0.5;  // of all else on a GPU; .42 to .54 in three runs of a 3B model
constexpr int kEnoughSteps = 5;     // to tell a speed

// The options of a run, as text, with the defaults of those that are not said.
class OptionTexts {
public:
    explicit OptionTexts(const NewRun& run) {
        for (const auto& field : fieldsOfKind(run.kind, run.recipe))
            texts_[QString::fromStdString(field.name)] = QString::fromStdString(field.text);
        for (const auto& [name, text] : run.options) texts_[name] = text;
    }
    double number(const char* name) const { return text(name).toDouble(); }
    QString text(const char* name) const {
        const auto found = texts_.find(name);
        return found == texts_.end() ? QString() : found->second;
    }

private:
    std::map<QString, QString> texts_;
};

// Records of the data that a step draws.
double recordsPerStep(const NewRun& run) {
    return run.kind == "grpo" ? OptionTexts(run).number("prompts") : rowsPerStep(run);
}

double plannedSteps(const NewRun& run, double records) {
    const OptionTexts told(run);
    if (const double epochs = told.number("epochs"); epochs > 0 && records > 0)
        return std::max(1.0, std::ceil(epochs * records / recordsPerStep(run) - 1e-9));
    return told.number(run.kind == "grpo" ? "max-steps" : "steps");
}

double trainedParameters(const OptionTexts& told, const ModelFacts& model) {
    const double rank = told.number("lora-rank");
    if (rank == 0) {
        const bool all = told.number("vision-lr") > 0;
        return all ? model.parameters : model.parameters - model.vision;
    }
    double sum = told.text("lora-embeddings") == "on" ? model.embeddings : 0;
    for (const auto& target : told.text("lora-targets").split(','))
        if (const auto found = model.linears.find(target.trimmed().toStdString());
            found != model.linears.end())
            sum += rank * found->second;
    return sum;
}

// Positions whose intermediate values are kept for the backward pass, at most.
double positionsAtOnce(const NewRun& run, const OptionTexts& told) {
    if (run.kind == "grpo")  // a group is replayed at once
        return told.number("group-size") * (kTypicalPrompt + told.number("max-new-tokens"));
    return std::min(told.number("micro-tokens"), rowsPerStep(run) * kTypicalPrompt);
}

NewRun toldAsStored(const Run& run) {
    NewRun stored{.kind = QString::fromStdString(run.info.kind)};
    const auto options = QJsonDocument::fromJson(QByteArray::fromStdString(run.info.options));
    const auto values = options.object();
    for (auto at = values.begin(); at != values.end(); ++at)
        stored.options.emplace_back(at.key(), at.value().toVariant().toString());
    return stored;
}

// Of one position, in all layers, for the backward pass; recomputed: what goes into each layer, and
// all of the one that is computed again.
double valuesKept(const ModelFacts& model, bool recomputed) {
    const double ofLayer = 8.0 * model.hidden + 4.0 * model.intermediate;
    return recomputed ? 1.0 * model.layers * model.hidden + ofLayer : model.layers * ofLayer;
}

bool isOnGpu(const QString& device) { return device.startsWith("cuda"); }

QString gigabytes(double bytes) {
    return bytes < kGiga
               ? QObject::tr("%1 MB").arg(std::max(1.0, bytes / 1e6), 0, 'f', 0)
               : QObject::tr("%1 GB").arg(bytes / kGiga, 0, 'f', bytes < 10 * kGiga ? 1 : 0);
}

}  // namespace

double rowsPerStep(const NewRun& run) {
    const OptionTexts told(run);
    if (run.kind == "grpo") return told.number("prompts") * told.number("group-size");
    if (const double batch = told.number("batch"); batch > 0) return batch;
    return told.number("pictures") * told.number("questions");
}

std::optional<ModelFacts> readModelFacts(const QString& model) {
    try {
        const auto folder = findCheckpoint(model.toStdString());
        const auto config = readModelConfig(folder);
        ModelFacts facts{.layers = config.text.numHiddenLayers,
                         .hidden = config.text.hiddenSize,
                         .intermediate = config.text.intermediateSize};
        for (const auto& [name, tensor] : openWeights(folder)) {
            double count = 1, ends = 0;
            for (const auto size : tensor.shape) count *= double(size), ends += double(size);
            facts.parameters += count;
            if (name.starts_with("visual.")) facts.vision += count;
            if (name.find("embed_tokens") != std::string::npos || name.starts_with("lm_head"))
                facts.embeddings += count;
            if (!name.starts_with("model.layers.") || !name.ends_with("_proj.weight")) continue;
            const auto end = name.rfind('.'), begin = name.rfind('.', end - 1) + 1;
            facts.linears[name.substr(begin, end - begin)] += ends;
        }
        return facts;
    } catch (const Error&) {
        return std::nullopt;  // the form says what is wrong with it when it is started
    }
}

double recordsIn(const NewRun& run) {
    try {
        DataMix mix;
        for (const auto& path : pathsIn(run.data)) {
            if (path.endsWith(".parquet")) return 0;  // reading it would copy its pictures
            mix.data.emplace_back(path.toStdString());
        }
        for (const auto& path : pathsIn(run.imageRoot))
            mix.imageRoots.emplace_back(path.toStdString());
        return static_cast<double>(readDataset(mix).records.size());
    } catch (const Error&) {
        return 0;  // the form says what is wrong with it when it is started
    }
}

std::optional<EarlierRun> earlierRun(const NewRun& run, const std::vector<RunSummary>& runs) {
    for (const auto& summary : runs) {
        const auto& before = summary.run;
        const auto& info = before.info;
        const bool onGpu = info.command.find("--device cuda") != std::string::npos;
        if (info.kind != run.kind.toStdString() || info.parent != run.model.toStdString() ||
            before.host != hostName() || onGpu != isOnGpu(run.device) || before.step < kEnoughSteps)
            continue;
        const auto& newest = summary.newest;
        const auto elapsed = newest.find("time/elapsed"), memory = newest.find("system/rss_mb");
        if (elapsed == newest.end()) continue;
        return EarlierRun{before.id, elapsed->second / before.step,
                          rowsPerStep(toldAsStored(before)),
                          memory == newest.end() ? 0 : memory->second};
    }
    return std::nullopt;
}

RunEstimate estimateRun(const NewRun& run, const ModelFacts& model,
                        const std::optional<EarlierRun>& earlier, double records) {
    const OptionTexts told(run);
    const bool half = run.dtype == "bfloat16";
    const double number = half ? 2 : 4, trained = trainedParameters(told, model);
    const double moments = told.text("adam-states") == "8bit" ? 2 : 8;
    RunEstimate estimate{.weights = number * model.parameters, .steps = plannedSteps(run, records)};
    if (records > 0) estimate.epochs = estimate.steps * recordsPerStep(run) / records;
    if (run.kind == "grpo" && told.number("beta") > 0)
        estimate.weights *= 2;  // the model it is compared with
    // Gradients, AdamW's two moments, and float32 master weights beside bfloat16 ones.
    estimate.optimizer = trained * (number + moments + (half ? 4 : 0));
    estimate.activations = positionsAtOnce(run, told) * valuesKept(model, run.recompute) * number;
    if (isOnGpu(run.device)) estimate.allocator = kAllocator * estimate.bytes();
    if (earlier && earlier->rowsPerStep > 0) {
        estimate.secondsPerStep = earlier->secondsPerStep * rowsPerStep(run) / earlier->rowsPerStep;
        estimate.timeFrom = earlier->id;
        estimate.measuredMb = earlier->memoryMb;
    }
    return estimate;
}

QString toText(const RunEstimate& e) {
    const auto memory =
        QObject::tr(
            "Estimate: at most about %1 of memory (weights %2, optimizer %3, "
            "activations %4%5)")
            .arg(gigabytes(e.bytes()), gigabytes(e.weights), gigabytes(e.optimizer),
                 gigabytes(e.activations),
                 e.allocator > 0 ? QObject::tr(", allocator %1").arg(gigabytes(e.allocator))
                                 : QString());
    const auto epochs =
        e.epochs > 0 ? QObject::tr(" (%1 epochs)").arg(e.epochs, 0, 'g', e.epochs < 100 ? 2 : 3)
                     : QString();
    const auto steps = QObject::tr("%1 steps").arg(e.steps, 0, 'f', 0) + epochs;
    if (e.secondsPerStep == 0)
        return memory + QObject::tr("; how long %1 take is not known yet.").arg(steps);
    const auto time =
        QObject::tr("; about %1 for %2, %3.")
            .arg(durationText(e.steps * e.secondsPerStep), steps,
                 e.timeFrom > 0 ? QObject::tr("by the speed of run %1").arg(e.timeFrom)
                                : QObject::tr("by a few steps that were just timed"));
    return memory + time;
}

QString explain(const RunEstimate& e) {
    QString text = QObject::tr(
        "Memory: the model's parameters; gradients and AdamW's state of those that "
        "are trained; intermediate values of as many positions as are computed at "
        "once.");
    if (e.allocator > 0)
        text +=
            " " +
            QObject::tr(
                "On a GPU half as much again is temporary or held by the allocator, as runs of a "
                "3B model showed.");
    if (e.measuredMb > 0)
        text +=
            " " + QObject::tr("Run %1 took %2.").arg(e.timeFrom).arg(gigabytes(e.measuredMb * 1e6));
    if (e.secondsPerStep == 0)
        return text + "\n" +
               QObject::tr(
                   "Time: no run of this store began with this model on this machine. Of a small "
                   "model a few steps are timed once there is data; of others the first run "
                   "tells.");
    text += "\n" +
            (e.timeFrom > 0
                 ? QObject::tr("Time: what a question took run %1, which began with the same model "
                               "on this machine.")
                       .arg(e.timeFrom)
                 : QObject::tr("Time: a few steps of this training were run and thrown away."));
    return text;
}

}  // namespace lvr
