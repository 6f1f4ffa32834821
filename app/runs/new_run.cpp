#include "app/runs/new_run.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QObject>
#include <QRegularExpression>
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/values/recipe.h"

namespace lvr {
namespace {

QString quoted(const QString& word) {
    static const QRegularExpression kPlain("^[A-Za-z0-9_./:=,@%+-]+$");
    if (kPlain.match(word).hasMatch()) return word;
    return "'" + QString(word).replace("'", "'\\''") + "'";
}

// Why these can't be the shares of so much data; empty: they can.
QString weightsProblem(const QString& weights, qsizetype data) {
    if (weights.isEmpty()) return {};
    const auto texts = weights.split(',');
    double sum = 0;
    for (const auto& text : texts) {
        bool isNumber = false;
        const double weight = text.toDouble(&isNumber);
        if (!isNumber || !(weight >= 0) || std::isinf(weight))
            return QObject::tr("Weights are numbers from 0 on, with commas between them.");
        sum += weight;
    }
    if (texts.size() != data)
        return QObject::tr("%1 weights for %2 data; give one for each.")
            .arg(texts.size())
            .arg(data);
    return sum > 0 ? QString() : QObject::tr("The weights add up to nothing.");
}

bool isHubId(const QString& model) {
    static const QRegularExpression kId("^[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+$");
    return kId.match(model).hasMatch();
}

// The words of a POSIX shell's line.
QStringList wordsOf(const QString& line) {
    QStringList words;
    QString word;
    QChar quote;
    bool isAny = false;
    for (qsizetype i = 0; i < line.size(); ++i) {
        const QChar c = line[i];
        if (!quote.isNull() ? c == quote : c == '\'' || c == '"') {
            quote = quote.isNull() ? c : QChar();
            isAny = true;
        } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
            word += line[++i];
        } else if (quote.isNull() && c.isSpace()) {
            if (isAny || !word.isEmpty()) words << std::exchange(word, {});
            isAny = false;
        } else {
            word += c;
        }
    }
    if (isAny || !word.isEmpty()) words << word;
    return words;
}

// What a command was told by a flag, several times perhaps: with semicolons between.
QString toldBy(const QStringList& words, const QString& flag, const QString& otherwise) {
    QStringList values;
    for (qsizetype i = 0; i < words.size(); ++i) {
        if (words[i] == flag && i + 1 < words.size()) values << words[i + 1];
        if (words[i].startsWith(flag + "=")) values << words[i].mid(flag.size() + 1);
    }
    return values.isEmpty() ? otherwise : values.join("; ");
}

QString textOfJson(const QJsonValue& value) {
    if (value.isString()) return value.toString();
    if (value.isBool()) return value.toBool() ? "on" : "off";
    if (value.isDouble()) return QString::number(value.toDouble(), 'g', 12);
    QStringList items;
    for (const auto& item : value.toArray()) items << textOfJson(item);
    return items.join(',');
}

bool saysTheSame(const QString& a, const QString& b) {
    bool isNumber = false, isOther = false;
    const double x = a.toDouble(&isNumber), y = b.toDouble(&isOther);
    return a == b || (isNumber && isOther && x == y);
}

}  // namespace

std::vector<TrainPreset> trainPresets(const QString& tinyModel) {
    return {
        {QObject::tr("Tiny SFT"),
         QObject::tr(
             "The shipped tiny model on drawn scenes: minutes on one CPU core. Draw scenes makes "
             "its data."),
         {.kind = "sft",
          .model = tinyModel,
          .options = {{"steps", "250"}, {"cool-down", "50"}, {"lr", "0.0006"}}}},
        {QObject::tr("Tiny GRPO"),
         QObject::tr("The shipped tiny model refined from rewards, on the same scenes."),
         {.kind = "grpo",
          .model = tinyModel,
          .options = {{"max-steps", "100"}, {"lr", "0.0001"}, {"max-new-tokens", "64"}}}},
        {QObject::tr("3B LoRA SFT"),
         QObject::tr(
             "Adapters of Qwen2.5-VL-3B on one GPU, bfloat16; its LVR tokens are trained, too."),
         {.kind = "sft",
          .model = "Qwen/Qwen2.5-VL-3B-Instruct",
          .device = "cuda",
          .dtype = "bfloat16",
          .recipe = "paper",
          .recompute = true,
          .options = {{"steps", "1000"},
                      {"lr", "0.0001"},
                      {"batch", "8"},
                      {"lora-rank", "32"},
                      {"lora-alpha", "64"},
                      {"lora-embeddings", "on"}}}}};
}

std::vector<OptionField> fieldsOfKind(const QString& kind, const QString& recipe) {
    const auto chosen = recipe == toText(Recipe::Paper) ? Recipe::Paper : Recipe::Tiny;
    auto fields = kind == "grpo" ? fieldsOf(defaultsOf<GrpoOptions>(chosen))
                                 : fieldsOf(defaultsOf<SftOptions>(chosen));
    std::erase_if(fields, [](const OptionField& field) { return field.name == "recipe"; });
    return fields;
}

QStringList pathsIn(const QString& line) {
    QStringList paths;
    for (const auto& path : line.split(';'))
        if (!path.trimmed().isEmpty()) paths << path.trimmed();
    return paths;
}

QStringList argumentsOf(const NewRun& run, const QString& store) {
    const NewRun defaults;
    QStringList arguments{run.kind};
    const auto say = [&](const char* flag, const QString& value, const QString& unsaid) {
        if (value != unsaid) arguments << QString("--") + flag << value;
    };
    say("model", run.model, {});
    for (const auto& path : pathsIn(run.data)) say("data", path, {});
    say("data-weights", run.dataWeights, {});
    for (const auto& path : pathsIn(run.imageRoot)) say("image-root", path, {});
    say("out", run.out, {});
    say("recipe", run.recipe, {});
    say("device", run.device, "auto");
    say("dtype", run.dtype, "auto");
    say("save-every", QString::number(run.saveEvery), QString::number(defaults.saveEvery));
    for (const auto& path : pathsIn(run.validationData)) say("validation-data", path, {});
    if (!run.validationData.isEmpty()) {
        const auto sayNumber = [&](const char* flag, int value, int unsaid) {
            say(flag, QString::number(value), QString::number(unsaid));
        };
        sayNumber("validate-every", run.validateEvery, defaults.validateEvery);
        sayNumber("probes", run.probes, defaults.probes);
        sayNumber("early-stopping", run.earlyStopping, defaults.earlyStopping);
    }
    if (run.recompute) arguments << "--activation-checkpointing";
    const bool byEpochs = std::ranges::any_of(run.options, [](const auto& option) {
        return option.first == "epochs" && option.second.toDouble() > 0;
    });
    for (const auto& [name, text] : run.options)
        if (!byEpochs || (name != "steps" && name != "max-steps"))  // which they stand for
            arguments << "--" + name << text;
    say("store", store, {});
    return arguments;
}

std::optional<NewRun> newRunLike(const Run& run) {
    const auto kind = QString::fromStdString(run.info.kind);
    if (kind != "sft" && kind != "grpo") return std::nullopt;
    const auto words = wordsOf(QString::fromStdString(run.info.command));
    const auto told = [&](const char* flag, const QString& otherwise) {
        return toldBy(words, flag, otherwise);
    };
    const auto number = [&](const char* flag, int otherwise) {
        return told(flag, QString::number(otherwise)).toInt();
    };
    const auto json = QJsonDocument::fromJson(QByteArray::fromStdString(run.info.options)).object();
    NewRun like{.kind = kind};
    like.model = told("--model", QString::fromStdString(run.info.parent));
    like.data = told("--data", QString::fromStdString(run.info.data));
    like.imageRoot = told("--image-root", {});
    like.dataWeights = told("--data-weights", {});
    like.device = told("--device", "auto");
    like.dtype = told("--dtype", "auto");
    like.recipe = told("--recipe", json["recipe"].toString(like.recipe));
    like.saveEvery = number("--save-every", like.saveEvery);
    like.validationData = told("--validation-data", {});
    like.validateEvery = number("--validate-every", like.validateEvery);
    like.probes = number("--probes", like.probes);
    like.earlyStopping = number("--early-stopping", like.earlyStopping);
    like.recompute = words.contains("--activation-checkpointing");
    for (const auto& field : fieldsOfKind(kind, like.recipe)) {
        const auto name = QString::fromStdString(field.name);
        if (!json.contains(name) || json[name].isObject()) continue;
        const auto text = textOfJson(json[name]);
        if (!saysTheSame(text, QString::fromStdString(field.text)))
            like.options.emplace_back(name, text);
    }
    return like;
}

QString shellLine(const QString& program, const QStringList& arguments) {
    QStringList words{quoted(program)};
    for (const auto& argument : arguments) words << quoted(argument);
    return words.join(' ');
}

FieldProblem checkPlaces(const NewRun& run) {
    if (run.model.isEmpty())
        return {FieldProblem::Model, QObject::tr("Name the model to start from.")};
    if (!QFileInfo(run.model).isDir() && !isHubId(run.model))
        return {FieldProblem::Model,
                QObject::tr("There is no model folder %1; choose another.").arg(run.model)};
    const auto data = pathsIn(run.data), roots = pathsIn(run.imageRoot);
    if (data.isEmpty()) return {FieldProblem::Data, QObject::tr("Name the data to train on.")};
    for (const auto& path : data)
        if (!QFileInfo::exists(path))
            return {FieldProblem::Data,
                    QObject::tr("There is no %1; choose other data.").arg(path)};
    for (const auto& path : pathsIn(run.validationData))
        if (!QFileInfo::exists(path))
            return {FieldProblem::Validation,
                    QObject::tr("There is no %1; choose other data.").arg(path)};
    for (const auto& path : roots)
        if (!QFileInfo(path).isDir())
            return {FieldProblem::ImageRoot, QObject::tr("There is no folder %1.").arg(path)};
    if (roots.size() > 1 && roots.size() != data.size())
        return {FieldProblem::ImageRoot,
                QObject::tr("%1 image folders for %2 data; name one for all, or one for each.")
                    .arg(roots.size())
                    .arg(data.size())};
    if (const auto problem = weightsProblem(run.dataWeights, data.size()); !problem.isEmpty())
        return {FieldProblem::Data, problem};
    if (run.out.isEmpty()) return {FieldProblem::Out, QObject::tr("Name the folder to write to.")};
    const QFileInfo out(run.out);
    if (out.exists() && !out.isDir())
        return {FieldProblem::Out, QObject::tr("%1 is a file; name a folder.").arg(run.out)};
    if (out.isDir() && !QDir(run.out).isEmpty(QDir::AllEntries | QDir::NoDotAndDotDot))
        return {
            FieldProblem::Out,
            QObject::tr("%1 holds something already; name a folder that is empty or not there yet.")
                .arg(run.out)};
    return {};
}

}  // namespace lvr
