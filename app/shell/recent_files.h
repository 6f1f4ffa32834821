#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

class QAction;
class QMenu;
class QWidget;

namespace lvr {

class Job;

enum class RecentKind { Picture, Trace, Dataset, Model };

struct RecentFile {
    RecentKind kind = RecentKind::Picture;
    QString path;  // a model may also be a repo id
    bool operator==(const RecentFile&) const = default;
};

// What was opened lately, newest first, as a menu. The disk is looked at away from the GUI thread;
// what is gone is marked, and leaves the list when it is chosen.
class RecentFiles : public QObject {
    Q_OBJECT
public:
    static constexpr int kMost = 12;
    explicit RecentFiles(QWidget* window);

    QMenu* menu() const { return menu_; }
    void remember();  // takes the list of an earlier time and keeps this one
    void add(const RecentFile& opened);
    void clear();
    const QList<RecentFile>& files() const { return files_; }

Q_SIGNALS:
    void chosen(const lvr::RecentFile& file);
    void gone(const QString& sentence);

private:
    void makeMenu(QWidget* window);
    void choose(int index);
    void lookForAll();
    void show();
    void keep();
    void load();

    QMenu* menu_;
    Job* looks_;
    QList<QAction*> entries_;
    QAction* clear_;
    QAction* none_;
    QList<RecentFile> files_;
    QStringList missing_;  // paths, as far as is known
    bool remembers_ = false;
};

}  // namespace lvr
