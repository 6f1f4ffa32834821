#pragma once

#include <QDialog>
#include <string>
#include <vector>

#include "app/engine/ask_engine.h"

class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;

namespace lvr {

// Chooses a model, the tiny one, a checkpoint in the local Hugging Face cache or a folder, and
// where it is computed.
class OpenModelDialog : public QDialog {
    Q_OBJECT
public:
    explicit OpenModelDialog(const ModelPlace& place = {}, QWidget* parent = nullptr);
    void showCached(const std::vector<std::string>& checkpoints);

Q_SIGNALS:
    void chosen(const lvr::ModelWish& wish);

private:
    void build();
    QHBoxLayout* makePlaceRow();
    QComboBox* addChoice(QHBoxLayout& row, const QString& label, const QStringList& values);
    ModelWish wish() const;
    void chooseFolder();
    void updateOpenButton();

    QListWidget* list_ = nullptr;
    QLabel* note_ = nullptr;
    QLineEdit* folder_ = nullptr;
    QComboBox* device_ = nullptr;
    QComboBox* dtype_ = nullptr;
    QPushButton* open_ = nullptr;
};

}  // namespace lvr
