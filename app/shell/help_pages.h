#pragma once

#include <QDateTime>
#include <QDialog>
#include <QFrame>
#include <QList>
#include <QObject>
#include <QPointer>
#include <QString>
#include <QStringList>

class QLabel;
class QPushButton;
class QTreeWidget;

namespace lvr {

// Version, licence and what the program runs on; `libraries` are named beside Qt.
class AboutDialog : public QDialog {
    Q_OBJECT
public:
    AboutDialog(const QStringList& libraries, QWidget* parent);
};

// A text of the source tree that travels inside the program: README.md (Markdown) or LICENSE.
class TextPage : public QDialog {
    Q_OBJECT
public:
    TextPage(const QString& title, const QString& resource, QWidget* parent);
};

// What the window said and no longer shows, newest last.
class MessageLog : public QObject {
    Q_OBJECT
public:
    static constexpr int kMost = 500;
    struct Entry {
        QDateTime when;  // the last time
        bool isError = false;
        QString sentence;
        int times = 1;  // in a row
    };
    using QObject::QObject;
    void add(bool isError, const QString& sentence);
    const QList<Entry>& entries() const { return entries_; }

Q_SIGNALS:
    void changed();

private:
    QList<Entry> entries_;
};

// The log as a list, newest first; what is selected, or all, can be copied.
class MessagesDialog : public QDialog {
    Q_OBJECT
public:
    MessagesDialog(const MessageLog& log, QWidget* parent);

private:
    void fill(const QList<MessageLog::Entry>& entries);
    void copy() const;

    QTreeWidget* list_;
    QPushButton* copy_;
};

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
