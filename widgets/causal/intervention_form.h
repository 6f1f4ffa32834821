#pragma once

#include <QWidget>

#include "core/values/intervention.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;

namespace lvr {

// The fields of one intervention: only those that its kind has.
class InterventionForm : public QWidget {
    Q_OBJECT
public:
    explicit InterventionForm(QWidget* parent = nullptr);
    Intervention intervention() const;
    void setIntervention(const Intervention& intervention);  // says nothing
    void setRegions(const std::vector<Box>& regions);        // that are drawn in Ask

Q_SIGNALS:
    void edited(const lvr::Intervention& intervention);

private:
    void build();
    void wire();
    void showFieldsOf(InterventionKind kind);
    void report();
    InterventionKind kind() const;

    Intervention given_;
    std::vector<Box> regions_;
    bool filling_ = false;
    QComboBox* kind_;
    QLabel* strengthLabel_;
    QDoubleSpinBox* strength_;
    QLabel* stepsLabel_;
    QSpinBox* first_;
    QSpinBox* last_;
    QSpinBox* seed_;
};

}  // namespace lvr
