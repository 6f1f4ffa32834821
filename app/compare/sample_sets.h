#pragma once

#include <QWidget>
#include <filesystem>

#include "app/engine/ask_engine.h"
#include "core/values/comparison.h"
#include "datasets/diagnosis/diagnose_sets.h"

class QComboBox;
class QLineEdit;
class QSpinBox;
class QToolButton;

namespace lvr {

// Questions with known answers, each read when it is asked for.
struct SampleSet {
    std::string name;
    int size = 0;
    std::function<Sample(int index)> sample;  // throws Error; any thread, several at a time
    std::string hash = {};                    // of the files it is read from; empty: of none
};

// What the comparison needs from outside, so that it can be tested without a model.
struct CompareServices {
    RunOnEngine runOnEngine;
    EngineFactory openEngine;  // for strategies with a model of their own
    std::vector<std::string> sceneKinds;
    // Throws Error, and Cancelled when stopped; any thread.
    std::function<SampleSet(const SetChoice& choice, const std::stop_token& stop)> openSet;
    // Likewise, to test latents on; empty: the same as openSet's.
    std::function<DiagnoseSet(const SetChoice& choice, const std::stop_token& stop)> openCausalSet =
        {};
    // What a model is made of, by the name that it has in the window. Throws Error; any thread.
    std::function<std::string(const std::string& model)> modelHash = {};
    std::filesystem::path store = {};  // where comparisons are kept; empty: nowhere
    std::string codeVersion = {};
};

// The questions of a data file in any format that is trained on, of a benchmark ("vstar:DIR", as
// `lvr eval data` names them), or generated scenes: those of `lvr eval scenes` with the same seed
// and kind. Throws Error, and Cancelled when stopped.
SampleSet openSampleSet(const SetChoice& choice, const std::stop_token& stop = {});

// Kinds of scenes a set can be made of: chains' first, then those of cluttered pictures.
std::vector<std::string> setSceneKinds();

// Which questions a set is made of: generated scenes of a kind, or a data file.
class SetChoiceForm : public QWidget {
    Q_OBJECT
public:
    explicit SetChoiceForm(const std::vector<std::string>& sceneKinds, QWidget* parent = nullptr);
    SetChoice choice() const;
    void setChoice(const SetChoice& choice);
    bool lacksFile() const;  // a data file is wanted and none is named

Q_SIGNALS:
    void accepted();  // Enter in a field

private:
    void build(const std::vector<std::string>& sceneKinds);
    void showFieldsOfSource();
    void chooseFile();
    std::uint64_t seed() const;

    QComboBox* source_;
    QComboBox* kind_;
    QLineEdit* file_;
    QToolButton* browse_;
    QLineEdit* imageRoot_;
    QSpinBox* count_;
    QSpinBox* seed_;
    std::uint64_t given_ = 0;  // seed
};

}  // namespace lvr
