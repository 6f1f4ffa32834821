#include "app/compare/sample_sets.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSpinBox>
#include <QToolButton>
#include <algorithm>
#include <limits>
#include <memory>

#include "core/files/fingerprint.h"
#include "datasets/benchmarks/benchmark_reader.h"
#include "datasets/record_sample.h"
#include "datasets/scenes/clutter_scenes.h"
#include "datasets/scenes/scenes.h"
#include "widgets/entry_fields.h"

namespace lvr {
namespace {

bool isClutter(const std::string& kind) {
    const auto kinds = clutterKinds();
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

Sample clutterSample(std::uint64_t seed, std::uint64_t index, const std::string& kind) {
    const auto picture = clutterWithQuestion(seed, index, kind);
    const auto& asked = picture.questions.front();
    return {"", kind, {{paint(picture.scene)}, asked.text}, asked.answer, asked.rois};
}

SampleSet scenes(const SetChoice& choice) {
    if (isClutter(choice.kind))
        check(ClutterOptions{.kinds = {choice.kind}});
    else
        check(SceneOptions{.kinds = {choice.kind}});
    return {.name = choice.kind + " scenes, seed " + std::to_string(choice.seed),
            .size = choice.count,
            .sample = [choice](int index) {
                Sample sample = isClutter(choice.kind)
                                    ? clutterSample(choice.seed, index, choice.kind)
                                    : sceneSample(choice.seed, index, choice.kind);
                sample.id = choice.kind + " " + std::to_string(index);
                return sample;
            }};
}

// As `lvr eval data --data vstar:DIR` asks it, with the words of the official LVR evaluation.
SampleSet benchmark(const BenchmarkSource& source, const SetChoice& choice,
                    const std::stop_token& stop) {
    const auto set = std::make_shared<const BenchmarkSet>(readBenchmark(source, {.stop = stop}));
    return {.name = choice.file,
            .size = std::min(choice.count, static_cast<int>(set->items.size())),
            .sample = [set](int index) { return readSample(set->items[index], PromptStyle::Lvr); },
            .hash = set->hash};
}

SampleSet records(const SetChoice& choice, const std::stop_token& stop) {
    if (const auto source = parseBenchmarkSource(choice.file);
        !source.benchmark.empty() && source.benchmark != "data")
        return benchmark(source, choice, stop);
    const auto path = [](const std::string& text) {
        return std::filesystem::path(std::u8string(text.begin(), text.end()));
    };
    const auto data = std::make_shared<const Dataset>(readDataset(
        {.data = path(choice.file), .imageRoot = path(choice.imageRoot)}, {.stop = stop}));
    return {.name = choice.file,
            .size = std::min(choice.count, static_cast<int>(data->records.size())),
            .sample = [data](int index) { return readSample(*data, data->records[index]); },
            .hash = fingerprint(
                std::vector<std::filesystem::path>(data->files.begin(), data->files.end()))};
}

enum Source { Scenes, File };

}  // namespace

SampleSet openSampleSet(const SetChoice& choice, const std::stop_token& stop) {
    return choice.file.empty() ? scenes(choice) : records(choice, stop);
}

std::vector<std::string> setSceneKinds() {
    auto kinds = sceneKinds();
    for (auto& kind : clutterKinds()) kinds.push_back(std::move(kind));
    return kinds;
}

SetChoiceForm::SetChoiceForm(const std::vector<std::string>& sceneKinds, QWidget* parent)
    : QWidget(parent),
      source_(new QComboBox(this)),
      kind_(new QComboBox(this)),
      file_(new QLineEdit(this)),
      browse_(new QToolButton(this)),
      imageRoot_(new QLineEdit(this)),
      count_(new QSpinBox(this)),
      seed_(new QSpinBox(this)) {
    build(sceneKinds);
    connect(source_, &QComboBox::currentIndexChanged, this, &SetChoiceForm::showFieldsOfSource);
    connect(browse_, &QToolButton::clicked, this, &SetChoiceForm::chooseFile);
    for (auto* line : {file_, imageRoot_})
        connect(line, &QLineEdit::returnPressed, this, &SetChoiceForm::accepted);
    setChoice({.kind = sceneKinds.empty() ? "" : sceneKinds.front()});
    showFieldsOfSource();
}

void SetChoiceForm::build(const std::vector<std::string>& sceneKinds) {
    source_->addItems({tr("Generated scenes"), tr("Data file")});
    source_->setAccessibleName(tr("Where questions come from"));
    for (const auto& kind : sceneKinds) kind_->addItem(QString::fromStdString(kind));
    kind_->setAccessibleName(tr("Kind of question"));
    file_->setAccessibleName(tr("Data file"));
    file_->setPlaceholderText(tr("data.json, .jsonl, .parquet, their folder, or vstar:FOLDER"));
    imageRoot_->setAccessibleName(tr("Image folder"));
    imageRoot_->setPlaceholderText(tr("images: beside the data"));
    imageRoot_->setToolTip(tr("Where relative image paths start, if not at the data file"));
    browse_->setText(QStringLiteral("…"));
    browse_->setAccessibleName(tr("Choose data file"));
    browse_->setToolTip(tr("Choose a data file"));
    count_->setRange(1, 1000000);
    count_->setSuffix(tr(" questions"));
    count_->setAccessibleName(tr("Number of questions"));
    seed_->setRange(0, std::numeric_limits<int>::max());
    seed_->setPrefix(tr("seed "));
    seed_->setAccessibleName(tr("Seed of the scenes"));
    seed_->setToolTip(tr("The same seed gives the same scenes, here and in lvr eval scenes"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    const std::initializer_list<QWidget*> fields = {source_, kind_,      seed_, file_,
                                                    browse_, imageRoot_, count_};
    for (QWidget* field : fields) row->addWidget(field);
    row->setStretchFactor(file_, 2);
    row->setStretchFactor(imageRoot_, 1);
    row->addStretch();
}

void SetChoiceForm::showFieldsOfSource() {
    const bool scenes = source_->currentIndex() == Source::Scenes;
    kind_->setVisible(scenes);
    seed_->setVisible(scenes);
    file_->setVisible(!scenes);
    browse_->setVisible(!scenes);
    imageRoot_->setVisible(!scenes);
}

bool SetChoiceForm::lacksFile() const {
    return source_->currentIndex() == Source::File && typedPath(file_).isEmpty();
}

// One that has no place in the field stays as it was given.
std::uint64_t SetChoiceForm::seed() const {
    const bool isTooLarge = given_ > static_cast<std::uint64_t>(seed_->maximum());
    return isTooLarge && seed_->value() == seed_->maximum()
               ? given_
               : static_cast<std::uint64_t>(seed_->value());
}

SetChoice SetChoiceForm::choice() const {
    SetChoice choice{
        .kind = kind_->currentText().toStdString(), .count = count_->value(), .seed = seed()};
    if (source_->currentIndex() == Source::Scenes) return choice;
    choice.file = typedPath(file_).toStdString();
    choice.imageRoot = typedPath(imageRoot_).toStdString();
    return choice;
}

void SetChoiceForm::setChoice(const SetChoice& choice) {
    source_->setCurrentIndex(choice.file.empty() ? Source::Scenes : Source::File);
    kind_->setCurrentText(QString::fromStdString(choice.kind));
    file_->setText(QString::fromStdString(choice.file));
    imageRoot_->setText(QString::fromStdString(choice.imageRoot));
    count_->setValue(choice.count);
    given_ = choice.seed;
    seed_->setValue(
        static_cast<int>(std::min(choice.seed, static_cast<std::uint64_t>(seed_->maximum()))));
}

void SetChoiceForm::chooseFile() {
    auto* dialog = new QFileDialog(this, tr("Choose questions"), typedPath(file_));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Data (*.json *.jsonl *.parquet)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, file_, &QLineEdit::setText);
    dialog->open();
}

}  // namespace lvr
