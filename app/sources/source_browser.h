#pragma once

#include <QWidget>

#include "core/values/sample.h"

class QAction;
class QTabWidget;

namespace lvr {

class DatasetBrowser;
class FolderBrowser;

// Where pictures and questions come from: folders and data files, a tab each.
class SourceBrowser : public QWidget {
    Q_OBJECT
public:
    explicit SourceBrowser(QWidget* parent = nullptr);

    void showFolder(const QString& folder);
    void showFiles(const QStringList& files);
    void openData(const QString& data);
    void setOpenFile(const QString& file);  // marked where it is listed; empty: none is open
    QString openFile() const;
    void openFailed();  // of what was chosen last
    void chooseFolder();
    void chooseData();
    // Next and previous picture or record, of the tab in front, and what else leads to a picture.
    QList<QAction*> moveActions() const { return moves_; }
    void addMove(QAction* action) { moves_.append(action); }
    // The folder and the data of the last time.
    void remember() const;
    void restore();

Q_SIGNALS:
    void fileOpened(const QString& file);
    void recordWanted();  // it is being read; sampleChosen() or failed() follows
    void sampleChosen(const lvr::Sample& sample);
    void failed(const QString& sentence);
    void settled();  // a folder or data file is listed, or says why not

private:
    void makeActions();
    void move(int by);

    FolderBrowser* folder_;
    DatasetBrowser* data_;
    QTabWidget* tabs_;
    QList<QAction*> moves_;
};

}  // namespace lvr
