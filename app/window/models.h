#pragma once

#include <QDialog>
#include <QObject>
#include <QTimer>
#include <filesystem>
#include <functional>
#include <map>
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
class MessageBar;

// A model that was trained here: the newest checkpoint that its run kept.
struct OwnModel {
    std::string folder;
    QString title;  // "3 sft · step 200 · loss 0.132"
};
// Of the runs in the store, newest first; none where there is no store. Blocks; throws Error.
std::vector<OwnModel> ownModels(const std::filesystem::path& store);

// Opens models, named or chosen in a dialog. The one open before stays until the new one is there,
// or until its memory is needed.
class ModelDesk : public QObject {
    Q_OBJECT
public:
    using Cached = std::function<std::vector<std::string>()>;  // throws Error; any thread
    // store: of the runs whose models are offered; empty: none are.
    ModelDesk(InferenceWorker* worker, Cached cached, std::filesystem::path store, QWidget* window);

    // What is opened from now on is computed there.
    void setPlace(const ModelPlace& place) { place_ = place; }
    // How this model thinks when it is opened; empty: as its files say.
    void setDialect(const QString& model, const QString& dialect) { dialects_[model] = dialect; }
    void open(const QString& folderOrRepoId);  // empty: the tiny model
    void choose();                             // asks which
    void cancel();
    void tellProgressIn(MessageBar* bar);
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
    std::filesystem::path store_;
    QWidget* window_;
    Job* lists_;
    QString name_;
    ModelPlace place_;
    std::map<QString, QString> dialects_;  // of models somebody chose one for
    QTimer patience_;
    bool opening_ = false, hasOpened_ = false;
    bool lost_ = false;  // what was open, to the load under way
};

// Chooses a model, the tiny one, one that was trained here, a checkpoint in the local Hugging Face
// cache or a folder, where it is computed and how it thinks.
class OpenModelDialog : public QDialog {
    Q_OBJECT
public:
    explicit OpenModelDialog(const ModelPlace& place = {}, QWidget* parent = nullptr);
    void showModels(const std::vector<OwnModel>& own, const std::vector<std::string>& cached);

Q_SIGNALS:
    void chosen(const lvr::ModelWish& wish);

private:
    void build();
    void add(const QString& title, const std::string& name);
    QHBoxLayout* makePlaceRow();
    QHBoxLayout* makeDialectRow();
    QComboBox* addChoice(QHBoxLayout& row, const QString& label, const QStringList& values);
    ModelWish wish() const;
    void chooseFolder();
    void updateOpenButton();

    QListWidget* list_ = nullptr;
    QLabel* note_ = nullptr;
    QLineEdit* folder_ = nullptr;
    QComboBox* device_ = nullptr;
    QComboBox* dtype_ = nullptr;
    QComboBox* dialect_ = nullptr;
    QPushButton* open_ = nullptr;
};

}  // namespace lvr
