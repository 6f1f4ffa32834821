#pragma once

#include <QFrame>
#include <QList>
#include <QPointer>
#include <QString>

class QLabel;
class QPushButton;

namespace lvr {

struct TourStop {
    QPointer<QWidget> at;  // what is spoken of; while it is hidden the window's middle is used
    QString sentence;
};

// A few sentences, one after the other, each beside the part of the window it is about. Everything
// else stays usable meanwhile.
class Tour : public QFrame {
    Q_OBJECT
public:
    explicit Tour(QWidget* window);
    void start(const QList<TourStop>& stops);
    void next();
    void end();
    int stop() const { return stop_; }  // -1 when it is not running

Q_SIGNALS:
    void ended();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    void build();
    void show();
    void place();

    QWidget* window_;
    QWidget* mark_;  // a frame around what is spoken of
    QLabel* sentence_;
    QLabel* count_;
    QPushButton *skip_, *next_;
    QList<TourStop> stops_;
    int stop_ = -1;
};

}  // namespace lvr
