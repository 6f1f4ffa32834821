#pragma once

#include <QWidget>

#include "core/values/options.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;

namespace lvr {

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
    void showFieldsOf(int kind);
    void report();
    double threshold() const;
    int steps() const;

    QComboBox* kind_ = nullptr;
    QComboBox* metric_ = nullptr;
    QDoubleSpinBox* threshold_ = nullptr;
    QLabel* stepsLabel_ = nullptr;
    QSpinBox* steps_ = nullptr;
    ExitRule last_ = EndProbability{};
    double givenThreshold_ = 0;
    int givenSteps_ = 0;
};

}  // namespace lvr
