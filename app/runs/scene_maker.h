#pragma once

#include <QObject>

class QProcess;

namespace lvr {

// Draws scenes to train on, whose answers and boxes are known: `lvr make-data scenes` as a child.
// One that is stopped or left behind removes what it wrote.
class SceneMaker : public QObject {
    Q_OBJECT
public:
    explicit SceneMaker(const QString& program, QObject* parent = nullptr);
    ~SceneMaker() override;

    void start(const QString& folder);  // none is running; one that holds these scenes already is
                                        // taken as it is
    void stop();
    bool isRunning() const { return process_ != nullptr; }

Q_SIGNALS:
    void progressed(int percent);
    void made(const QString& folder);
    void stopped();
    void failed(const QString& sentence);

private:
    void readProgress();
    void report(const QString& folder, int exitCode);

    QString program_;
    QProcess* process_ = nullptr;  // while it runs
    bool stops_ = false;
};

}  // namespace lvr
