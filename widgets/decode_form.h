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

// The fields of decoding, alike in every form. Ranges and tips are those of the one list of
// options, where `flag` names the field.
QDoubleSpinBox* numberField(const QString& name, const char* flag, QWidget* parent);
QSpinBox* countField(const QString& name, const char* flag, QWidget* parent);
QDoubleSpinBox* temperatureField(QWidget* parent);
QLineEdit* seedField(QWidget* parent);  // a whole number of 64 bits
QComboBox* feedField(QWidget* parent);  // its index is the LatentFeed
QCheckBox* forceStartField(QWidget* parent);
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
