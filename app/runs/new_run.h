#pragma once

#include <QString>
#include <QStringList>
#include <optional>
#include <utility>
#include <vector>

#include "core/values/option_field.h"
#include "core/values/run.h"

namespace lvr {

// What a new training is told. Texts as on the command line; empty: not said.
struct NewRun {
    QString kind;                         // "sft", "grpo": the subcommand
    QString model, data, imageRoot, out;  // data and imageRoot may be several (pathsIn)
    QString dataWeights;                  // --data-weights
    QString device = "cpu", dtype = "float32";
    QString recipe = "tiny";  // "paper": what the options are that are not said
    int saveEvery = 200;
    QString validationData;   // several, as data; empty: nothing is measured on
    int validateEvery = 100;  // steps
    int probes = 8;           // questions of it that are asked each time
    int earlyStopping = 0;    // measurements without a better loss; 0: goes on
    bool recompute = false;   // --activation-checkpointing
    std::vector<std::pair<QString, QString>> options;  // name, text
    bool operator==(const NewRun&) const = default;
};

// The paths of a line, which stand with semicolons between them.
QStringList pathsIn(const QString& line);

// Where training happens: what is run, with what, from what.
struct TrainPlaces {
    QString store;       // the run store; need not be there yet
    QString program;     // the lvr command
    QString tinyModel;   // folder of the shipped model; empty: not shipped
    QString runsFolder;  // where output folders are suggested
};

struct TrainPreset {
    QString name, help;
    NewRun run;
};
std::vector<TrainPreset> trainPresets(const QString& tinyModel);

// The options that a form shows, with their values in the recipe, which is not among them.
std::vector<OptionField> fieldsOfKind(const QString& kind, const QString& recipe = "tiny");

// What starts a training as this one was started, but into another folder; nothing for one that
// this program did not train.
std::optional<NewRun> newRunLike(const Run& run);

// Without the program's name; a value that is the command's default is left out.
QStringList argumentsOf(const NewRun& run, const QString& store);
QString shellLine(const QString& program,
                  const QStringList& arguments);  // quoted for a POSIX shell

// Which field keeps a training from starting, and why, in one sentence. Looks at the disk.
struct FieldProblem {
    enum Field { None, Model, Data, ImageRoot, Out, Validation } field = None;
    QString sentence;
};
FieldProblem checkPlaces(const NewRun& run);

}  // namespace lvr
