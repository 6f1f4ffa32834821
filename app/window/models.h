#pragma once

#include <QDialog>
#include <QObject>
#include <QTimer>
#include <functional>
#include <string>
#include <vector>

#include "app/engine/ask_engine.h"

class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QWidget;

namespace lvr {

class InferenceWorker;
class Job;

// Opens models, named or chosen in a dialog. The one open before stays until the new one is there,
// or until its memory is needed.
class ModelDesk : public QObject {
    Q_OBJECT
public:
    using Cached = std::function<std::vector<std::string>()>;  // throws Error; any thread
    ModelDesk(InferenceWorker* worker, Cached cached, QWidget* window);

    // What is opened from now on is computed there.
    void setPlace(const ModelPlace& place) { place_ = place; }
    void open(const QString& folderOrRepoId);  // empty: the tiny model
    void choose();                             // asks which
    void cancel();
    bool isOpening() const { return opening_; }

Q_SIGNALS:
    void opening(const QString& name);
    void progressed(const QString& sentence, double fraction);  // a quick one shows none
    void opened(const lvr::ModelInfo& model, const lvr::ModelWish& wish);
    void closed();  // the model open before had to make room for one that did not open
    void cancelled(const QString& sentence);
    void failed(const QString& sentence);
    void listFailed(const QString& sentence);  // nothing was being opened

private:
    void wire();
    void tell(const LoadProgress& progress);

    InferenceWorker* worker_;
    Cached cached_;
    QWidget* window_;
    Job* lists_;
    QString name_;
    ModelPlace place_;
    QTimer patience_;
    bool opening_ = false, hasOpened_ = false;
    bool lost_ = false;  // what was open, to the load under way
};

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
