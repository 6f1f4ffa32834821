#pragma once

#include <QDialog>
#include <cstdint>
#include <vector>

#include "app/runs/new_run.h"
#include "core/values/run.h"
#include "widgets/job.h"

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace lvr {

class EstimateLabel;
class OptionsForm;
class PathLine;
class ProblemLabel;
class SceneMaker;

// What a new training is told, from a preset on. It starts only with what the command would take.
class NewRunDialog : public QDialog {
    Q_OBJECT
public:
    explicit NewRunDialog(const TrainPlaces& places, QWidget* parent = nullptr);

    NewRun run() const;
    void setRun(const NewRun& run);
    // As another run was told, into a folder that is suggested; why: what was wrong with it then.
    void fillFrom(const NewRun& run, const QString& why = {});
    void setEarlierRuns(const std::vector<RunSummary>& runs);  // that tell how fast this machine is

Q_SIGNALS:
    void startRequested(const lvr::NewRun& run);  // checked; the dialog closes

private:
    void build();
    void addPaths(QFormLayout* form);
    void addMachine(QFormLayout* form);
    void addSceneMaker();
    void addValidation(QFormLayout* form);
    void keepEstimating();
    void choosePreset(int index);
    void chooseKind();
    void chooseRecipe();
    void fitRecipe(std::int64_t parameters);
    void suggestFolder();
    void remember(const NewRun& run);
    void recall();
    void copyCommand();
    void start();
    void show(const FieldProblem& problem);
    using QDialog::show;

    QString store_, runsFolder_, suggested_;
    std::vector<TrainPreset> presets_;
    QComboBox* preset_;
    QLabel* presetHelp_;
    QComboBox *kind_, *recipe_;
    PathLine *model_, *data_, *imageRoot_, *out_, *validation_;
    QLineEdit* dataWeights_;
    QComboBox *device_, *dtype_;
    QCheckBox* recompute_;
    QSpinBox *saveEvery_, *validateEvery_, *probes_, *earlyStopping_;
    OptionsForm* options_;
    EstimateLabel* estimate_;
    ProblemLabel* problem_;
    QPushButton* start_ = nullptr;
    bool recipeIsChosen_ = false;  // by a person: the model's size does not change it any more
    SceneMaker* scenes_;
    Job checks_;
};

}  // namespace lvr
