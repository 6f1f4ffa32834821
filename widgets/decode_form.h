#pragma once

#include <QWidget>
#include <initializer_list>

#include "core/values/options.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace lvr {

QHBoxLayout* besides(std::initializer_list<QWidget*> fields);  // in one row of a form

// Chooses when the model leaves its latent span: the rule, and the numbers that rule has.
class ExitRuleForm : public QWidget {
    Q_OBJECT
public:
    explicit ExitRuleForm(QWidget* parent = nullptr);
    ExitRule rule() const;
    // Says changed() when it is another rule. Numbers that nobody changes stay as they are given,
    // whatever the fields have room for.
    void setRule(const ExitRule& rule);

Q_SIGNALS:
    void changed(const ExitRule& rule);

private:
    void build();
    QWidget* makeProbe();
    void chooseProbe();
    void showFieldsOf(int kind);
    void takeUsualThreshold(int kind);
    void report();
    double threshold() const;
    int held() const;
    int steps() const;
    std::string probeFile() const;

    QComboBox* kind_ = nullptr;
    QComboBox* metric_ = nullptr;
    QDoubleSpinBox* threshold_ = nullptr;
    QSpinBox* held_ = nullptr;
    QLabel* stepsLabel_ = nullptr;
    QSpinBox* steps_ = nullptr;
    QWidget* probe_ = nullptr;  // holds the next
    QLineEdit* probeFile_ = nullptr;
    ExitRule last_ = EndProbability{};
    double givenThreshold_ = 0;
    int givenHeld_ = AnswerSettled{}.held, givenSteps_ = 0;
};

// How to decode, apart from the exit rule: the same fields for a question and for a strategy.
// Ranges and tips are those of the one list of options. What it has no field for stays as it was
// given, and so do more decimals than are shown.
class DecodeForm : public QWidget {
    Q_OBJECT
public:
    explicit DecodeForm(QWidget* parent = nullptr);
    DecodeOptions options() const;
    void setOptions(const DecodeOptions& options);  // says nothing

Q_SIGNALS:
    void changed();

private:
    void build();
    void wire();

    DecodeOptions given_;
    QComboBox *feed_, *head_;
    QCheckBox *forceStart_, *forceEnd_;
    QSpinBox *maxNewTokens_, *topK_;
    QDoubleSpinBox *temperature_, *topP_, *minP_, *penalty_;
    QLineEdit *seed_, *system_;
};

}  // namespace lvr
