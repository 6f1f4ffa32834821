#pragma once

#include <QDialog>
#include <string>
#include <vector>

class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;

namespace lvr {

// Chooses a model: the tiny one, a checkpoint in the local Hugging Face cache, or a folder.
class OpenModelDialog : public QDialog {
    Q_OBJECT
public:
    explicit OpenModelDialog(QWidget* parent = nullptr);
    void showCached(const std::vector<std::string>& checkpoints);

Q_SIGNALS:
    void chosen(const QString& folderOrRepoId);  // empty: the tiny model

private:
    void build();
    void chooseFolder();
    void updateOpenButton();

    QListWidget* list_ = nullptr;
    QLabel* note_ = nullptr;
    QLineEdit* folder_ = nullptr;
    QPushButton* open_ = nullptr;
};

}  // namespace lvr
