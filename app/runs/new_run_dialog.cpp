#include "app/runs/new_run_dialog.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDateTime>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QVBoxLayout>
#include <algorithm>

#include "app/runs/estimate_label.h"
#include "app/runs/new_run.h"
#include "app/runs/path_line.h"
#include "app/runs/scene_maker.h"
#include "core/values/recipe.h"
#include "widgets/runs/options_form.h"
#include "widgets/runs/problem_label.h"

namespace lvr {

NewRunDialog::NewRunDialog(const TrainPlaces& places, QWidget* parent)
    : QDialog(parent),
      store_(places.store),
      runsFolder_(places.runsFolder),
      presets_(trainPresets(places.tinyModel)),
      preset_(new QComboBox(this)),
      presetHelp_(new QLabel(this)),
      kind_(new QComboBox(this)),
      recipe_(new QComboBox(this)),
      model_(new PathLine(PathLine::Chooses::Folder, tr("Model folder"), this)),
      data_(new PathLine(PathLine::Chooses::FileOrFolder, tr("Data"), this)),
      imageRoot_(new PathLine(PathLine::Chooses::Folder, tr("Image folder"), this)),
      out_(new PathLine(PathLine::Chooses::Folder, tr("Output folder"), this)),
      validation_(new PathLine(PathLine::Chooses::FileOrFolder, tr("Validation data"), this)),
      dataWeights_(new QLineEdit(this)),
      device_(new QComboBox(this)),
      dtype_(new QComboBox(this)),
      recompute_(new QCheckBox(tr("Save &memory"), this)),
      saveEvery_(new QSpinBox(this)),
      validateEvery_(new QSpinBox(this)),
      probes_(new QSpinBox(this)),
      earlyStopping_(new QSpinBox(this)),
      options_(new OptionsForm(this)),
      estimate_(new EstimateLabel(places.program, this)),
      problem_(new ProblemLabel(this)),
      scenes_(new SceneMaker(places.program, this)) {
    setWindowTitle(tr("New run"));
    resize(760, 680);
    build();
    connect(preset_, &QComboBox::currentIndexChanged, this, &NewRunDialog::choosePreset);
    connect(kind_, &QComboBox::currentIndexChanged, this, &NewRunDialog::chooseKind);
    connect(recipe_, &QComboBox::currentIndexChanged, this, &NewRunDialog::chooseRecipe);
    connect(recipe_, &QComboBox::activated, this, [this] { recipeIsChosen_ = true; });
    connect(estimate_, &EstimateLabel::modelSized, this, &NewRunDialog::fitRecipe);
    connect(options_, &OptionsForm::changed, problem_, &QWidget::hide);
    keepEstimating();
    choosePreset(0);
    recall();
}

// What one trains on, and from what, is mostly what it was the last time.
void NewRunDialog::remember(const NewRun& run) {
    QSettings settings;
    settings.beginGroup("train/new-run");
    settings.setValue("preset", preset_->currentIndex());
    settings.setValue("model", run.model);
    settings.setValue("data", run.data);
    settings.setValue("image-root", run.imageRoot);
    settings.setValue("validation-data", run.validationData);
    settings.setValue("device", run.device);
    settings.setValue("dtype", run.dtype);
}

void NewRunDialog::recall() {
    QSettings settings;
    settings.beginGroup("train/new-run");
    if (!settings.contains("model")) return;
    preset_->setCurrentIndex(std::clamp(settings.value("preset").toInt(), 0, preset_->count() - 1));
    model_->setPath(settings.value("model").toString());
    data_->setPath(settings.value("data").toString());
    imageRoot_->setPath(settings.value("image-root").toString());
    validation_->setPath(settings.value("validation-data").toString());
    device_->setCurrentText(settings.value("device").toString());
    dtype_->setCurrentText(settings.value("dtype").toString());
}

void NewRunDialog::build() {
    for (const auto& preset : presets_) preset_->addItem(preset.name);
    presetHelp_->setWordWrap(true);
    presetHelp_->setForegroundRole(QPalette::PlaceholderText);
    kind_->addItem(tr("SFT: supervised, from boxes"), "sft");
    kind_->addItem(tr("GRPO: from rewards"), "grpo");
    recipe_->setObjectName("recipe");
    recipe_->addItem(tr("Tiny: what trains the shipped model"), "tiny");
    recipe_->addItem(tr("Paper: the published trainings, for models of billions"), "paper");
    recipe_->setToolTip(tr("What the options below are unless you change them"));
    auto* form = new QFormLayout;
    form->addRow(tr("&Preset"), preset_);
    form->addRow(QString(), presetHelp_);
    form->addRow(tr("&Kind"), kind_);
    form->addRow(tr("&Recipe"), recipe_);
    addPaths(form);
    addValidation(form);
    addMachine(form);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    start_ = buttons->addButton(tr("&Start"), QDialogButtonBox::AcceptRole);
    start_->setDefault(true);
    auto* copy = buttons->addButton(tr("Copy as &command line"), QDialogButtonBox::ActionRole);
    copy->setAutoDefault(false);
    connect(copy, &QPushButton::clicked, this, &NewRunDialog::copyCommand);
    connect(buttons, &QDialogButtonBox::accepted, this, &NewRunDialog::start);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addLayout(form);
    column->addWidget(options_, 1);
    column->addWidget(estimate_);
    column->addWidget(problem_);
    column->addWidget(buttons);
}

void NewRunDialog::addMachine(QFormLayout* form) {
    device_->setEditable(true);
    device_->addItems({"cpu", "cuda", "auto"});
    device_->setAccessibleName(tr("Device"));
    dtype_->addItems({"float32", "bfloat16", "auto"});
    dtype_->setAccessibleName(tr("Numbers"));
    recompute_->setToolTip(
        tr("Activation checkpointing: a layer's activations are computed again "
           "in the backward pass. Slower; the numbers stay the same."));
    saveEvery_->setRange(0, 1000000);
    saveEvery_->setSpecialValueText(tr("at the end only"));
    saveEvery_->setSuffix(tr(" steps"));
    auto* saves = new QLabel(tr("Sa&ve every"), this);
    saves->setBuddy(saveEvery_);
    auto* machine = new QHBoxLayout;
    machine->addWidget(device_, 1);
    machine->addWidget(dtype_, 1);
    machine->addWidget(recompute_);
    machine->addWidget(saves);
    machine->addWidget(saveEvery_, 1);
    auto* name = new QLabel(tr("De&vice, numbers"), this);
    name->setBuddy(device_);
    form->addRow(name, machine);
}

// What is measured while it trains, on records that it is not trained on.
void NewRunDialog::addValidation(QFormLayout* form) {
    validation_->setHint(tr("Records that are not trained on, to measure on; empty: none"));
    const auto set = [](QSpinBox* box, int least, const QString& before, const QString& after,
                        const QString& name, const QString& help) {
        box->setRange(least, 1000000);
        box->setPrefix(before);
        box->setSuffix(after);
        box->setAccessibleName(name);
        box->setToolTip(help);
    };
    set(validateEvery_, 1, tr("every "), tr(" steps"), tr("Steps between two measurements"),
        tr("Steps between two measurements (--validate-every)"));
    set(probes_, 0, {}, tr(" probes"), tr("Probe questions"),
        tr("Questions of the validation data that are asked each time; Checkpoints shows the "
           "answers and what the model looked at (--probes)"));
    set(earlyStopping_, 0, tr("stop after "), {}, tr("Measurements without a better loss"),
        tr("Stop when the validation loss has not improved for so many measurements "
           "(--early-stopping)"));
    probes_->setSpecialValueText(tr("no probes"));
    earlyStopping_->setSpecialValueText(tr("no early stop"));
    auto* row = new QHBoxLayout;
    for (auto* box : {validateEvery_, probes_, earlyStopping_}) row->addWidget(box, 1);
    form->addRow(tr("Validat&ion"), validation_);
    form->addRow(QString(), row);
    const auto allowWithData = [this] {
        for (auto* box : {validateEvery_, probes_, earlyStopping_})
            box->setEnabled(!validation_->path().isEmpty());
    };
    connect(validation_, &PathLine::changed, this, allowWithData);
    allowWithData();
}

// For those who have no data: a click, and the tiny presets can start.
void NewRunDialog::addSceneMaker() {
    auto* draw = data_->addButton(tr("Draw scenes"));
    draw->setToolTip(tr("Make questions about drawn scenes, whose answers and boxes are known"));
    const auto rest = [draw] { draw->setText(tr("Draw scenes")); };
    connect(draw, &QPushButton::clicked, this, [this, draw] {
        if (scenes_->isRunning()) return scenes_->stop();
        data_->complain({});
        draw->setText(tr("Stop"));
        scenes_->start(runsFolder_ + "/scenes");
    });
    connect(scenes_, &SceneMaker::progressed, this,
            [draw](int percent) { draw->setText(tr("Stop, at %1 %").arg(percent)); });
    connect(scenes_, &SceneMaker::made, this, [this, rest](const QString& folder) {
        rest();
        data_->setPath(folder);
    });
    connect(scenes_, &SceneMaker::stopped, this, rest);
    connect(scenes_, &SceneMaker::failed, this, [this, rest](const QString& sentence) {
        rest();
        data_->complain(sentence);
    });
}

void NewRunDialog::keepEstimating() {
    const auto estimate = [this] { estimate_->showFor(run()); };
    connect(options_, &OptionsForm::changed, this, estimate);
    for (auto* line : {model_, data_, imageRoot_})
        connect(line, &PathLine::changed, this, estimate);
    for (auto* choice : {kind_, recipe_, device_, dtype_})
        connect(choice, &QComboBox::currentTextChanged, this, estimate);
    connect(recompute_, &QCheckBox::toggled, this, estimate);
}

void NewRunDialog::addPaths(QFormLayout* form) {
    model_->setHint(tr("A folder, or a repo id such as Qwen/Qwen2.5-VL-3B-Instruct"));
    data_->setHint(
        tr("LVR JSON, Visual-CoT or ViRL39K file, or a folder with data.json; several "
           "with ; between them"));
    imageRoot_->setHint(
        tr("Where the data's image paths begin, if not beside it; one for all data, or for each"));
    dataWeights_->setPlaceholderText(
        tr("Of several data: their shares, such as 0.7,0.3; empty: every record alike"));
    dataWeights_->setAccessibleName(tr("Shares of the data"));
    out_->setHint(tr("Not there yet, or empty"));
    form->addRow(tr("&Model"), model_);
    form->addRow(tr("&Data"), data_);
    addSceneMaker();
    form->addRow(tr("&Images"), imageRoot_);
    form->addRow(tr("S&hares"), dataWeights_);
    form->addRow(tr("&Output"), out_);
}

void NewRunDialog::choosePreset(int index) {
    const auto& preset = presets_.at(static_cast<std::size_t>(index));
    presetHelp_->setText(preset.help);
    auto run = preset.run;
    run.data = data_->path();  // chosen already
    run.imageRoot = imageRoot_->path();
    run.validationData = validation_->path();
    run.validateEvery = validateEvery_->value();
    run.probes = probes_->value();
    run.earlyStopping = earlyStopping_->value();
    if (out_->path() != suggested_) run.out = out_->path();
    setRun(run);
    recipeIsChosen_ = false;
    suggestFolder();
}

void NewRunDialog::chooseKind() {
    options_->setFields(
        fieldsOfKind(kind_->currentData().toString(), recipe_->currentData().toString()));
    suggestFolder();
}

// What was changed stays changed.
void NewRunDialog::chooseRecipe() {
    const auto changed = options_->changedValues();
    chooseKind();
    options_->setValues(changed);
}

void NewRunDialog::fitRecipe(std::int64_t parameters) {
    if (!recipeIsChosen_)
        recipe_->setCurrentIndex(recipe_->findData(toText(recipeFor(parameters))));
}

void NewRunDialog::suggestFolder() {
    if (!out_->path().isEmpty() && out_->path() != suggested_) return;
    suggested_ = QString("%1/%2-%3")
                     .arg(runsFolder_, kind_->currentData().toString(),
                          QDateTime::currentDateTime().toString("yyyyMMdd-HHmmss"));
    out_->setPath(suggested_);
}

void NewRunDialog::setEarlierRuns(const std::vector<RunSummary>& runs) {
    estimate_->setEarlierRuns(runs);
    estimate_->showFor(run());
}

NewRun NewRunDialog::run() const {
    return {.kind = kind_->currentData().toString(),
            .model = model_->path(),
            .data = data_->path(),
            .imageRoot = imageRoot_->path(),
            .out = out_->path(),
            .dataWeights = dataWeights_->text().trimmed(),
            .device = device_->currentText().trimmed(),
            .dtype = dtype_->currentText(),
            .recipe = recipe_->currentData().toString(),
            .saveEvery = saveEvery_->value(),
            .validationData = validation_->path(),
            .validateEvery = validateEvery_->value(),
            .probes = probes_->value(),
            .earlyStopping = earlyStopping_->value(),
            .recompute = recompute_->isChecked(),
            .options = options_->changedValues()};
}

void NewRunDialog::setRun(const NewRun& run) {
    kind_->setCurrentIndex(kind_->findData(run.kind));
    recipe_->setCurrentIndex(recipe_->findData(run.recipe));
    recipeIsChosen_ = true;
    chooseKind();
    model_->setPath(run.model);
    data_->setPath(run.data);
    imageRoot_->setPath(run.imageRoot);
    out_->setPath(run.out);
    dataWeights_->setText(run.dataWeights);
    device_->setCurrentText(run.device);
    dtype_->setCurrentText(run.dtype);
    saveEvery_->setValue(run.saveEvery);
    validation_->setPath(run.validationData);
    validateEvery_->setValue(run.validateEvery);
    probes_->setValue(run.probes);
    earlyStopping_->setValue(run.earlyStopping);
    recompute_->setChecked(run.recompute);
    options_->setValues(run.options);
}

void NewRunDialog::fillFrom(const NewRun& run, const QString& why) {
    setRun(run);
    if (why.isEmpty()) out_->setPath({});
    suggestFolder();
    if (!why.isEmpty()) show({FieldProblem::None, why});
}

void NewRunDialog::copyCommand() {
    QApplication::clipboard()->setText(shellLine("lvr", argumentsOf(run(), store_)));
}

void NewRunDialog::start() {
    if (const auto sentence = options_->problem(); !sentence.isEmpty()) {
        options_->focusProblem();
        show({FieldProblem::None, sentence});
        return;
    }
    start_->setEnabled(false);
    checks_.add([run = run()] { return std::pair(run, checkPlaces(run)); },
                [this](const std::pair<NewRun, FieldProblem>& checked) {
                    start_->setEnabled(true);
                    if (!checked.second.sentence.isEmpty()) return show(checked.second);
                    remember(checked.first);
                    Q_EMIT startRequested(checked.first);
                    accept();
                },
                [this](const QString& sentence) {
                    start_->setEnabled(true);
                    show({FieldProblem::None, sentence});
                });
}

void NewRunDialog::show(const FieldProblem& problem) {
    PathLine* lines[] = {nullptr, model_, data_, imageRoot_, out_, validation_};
    if (auto* line = lines[problem.field]) return line->complain(problem.sentence);
    problem_->say(problem.sentence);
}

}  // namespace lvr
