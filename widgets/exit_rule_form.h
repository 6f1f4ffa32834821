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
    void setRule(const ExitRule& rule);  // says changed() when it is another rule

Q_SIGNALS:
    void changed(const ExitRule& rule);

private:
    void build();
    void showFieldsOf(int kind);
    void report();

    QComboBox* kind_ = nullptr;
    QComboBox* metric_ = nullptr;
    QDoubleSpinBox* threshold_ = nullptr;
    QLabel* stepsLabel_ = nullptr;
    QSpinBox* steps_ = nullptr;
    ExitRule last_ = EndProbability{};
};

}  // namespace lvr
