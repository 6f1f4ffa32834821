#pragma once

#include <QWidget>

class QLabel;
class QString;
class QWidget;

namespace lvr {

// What is shown while there are no runs: how to start one, and where they would be read from.
class NoRuns : public QWidget {
    Q_OBJECT
public:
    explicit NoRuns(const QString& store, QWidget* parent = nullptr);  // empty: no place for runs
    void say(bool storeFailed);
    void sayWhere(const QString& sentence);

Q_SIGNALS:
    void newRunWanted();
    void followWanted();  // another program's training

private:
    QString store_;
    QLabel* nothing_;
    QLabel* where_;
};

// Shows what a training printed in a window of its own.
void showOutput(const QString& output, QWidget* parent);

}  // namespace lvr
