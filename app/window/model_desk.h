#pragma once

#include <QObject>
#include <QTimer>
#include <functional>
#include <string>
#include <vector>

#include "app/engine/ask_engine.h"

class QWidget;

namespace lvr {

class FileJobs;
class InferenceWorker;

// Opens models, named or chosen in a dialog. The one open before stays until the new one is there,
// or until its memory is needed.
class ModelDesk : public QObject {
    Q_OBJECT
public:
    using Cached = std::function<std::vector<std::string>()>;  // throws Error; any thread
    ModelDesk(InferenceWorker* worker, FileJobs* files, Cached cached, QWidget* window);

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
    FileJobs* files_;
    Cached cached_;
    QWidget* window_;
    QString name_;
    ModelPlace place_;
    QTimer patience_;
    bool opening_ = false, hasOpened_ = false;
    bool lost_ = false;  // what was open, to the load under way
};

}  // namespace lvr
