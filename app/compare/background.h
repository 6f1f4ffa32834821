#pragma once

#include <QObject>
#include <QThreadPool>
#include <functional>

namespace lvr {

// Reads and writes files away from the GUI thread, one after the other.
class Background : public QObject {
    Q_OBJECT
public:
    using Report = std::function<void()>;  // run on the GUI thread
    explicit Background(QObject* parent = nullptr);
    ~Background() override;  // waits for the last job; its report is dropped

    // What the job throws comes to `failed` as a sentence.
    void run(std::function<Report()> job, std::function<void(const QString&)> failed);

private:
    QThreadPool pool_;
};

}  // namespace lvr
