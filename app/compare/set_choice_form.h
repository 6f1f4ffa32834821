#pragma once

#include <QWidget>

#include "app/compare/compare_services.h"

class QComboBox;
class QLineEdit;
class QSpinBox;
class QToolButton;

namespace lvr {

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
