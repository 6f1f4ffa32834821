#pragma once

#include <QDateTime>
#include <QDialog>
#include <QList>
#include <QObject>

class QPushButton;
class QTreeWidget;

namespace lvr {

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

}  // namespace lvr
