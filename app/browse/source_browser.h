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
    void chooseFolder();
    void chooseData();
    // Next and previous picture or record, of the tab in front.
    QList<QAction*> moveActions() const { return {next_, previous_}; }
    // The folder and the data of the last time.
    void remember() const;
    void restore();

Q_SIGNALS:
    void fileOpened(const QString& file);
    void sampleChosen(const lvr::Sample& sample);
    void failed(const QString& sentence);
    void settled();  // a folder or data file is listed, or says why not

private:
    void makeActions();
    void move(int by);

    FolderBrowser* folder_;
    DatasetBrowser* data_;
    QTabWidget* tabs_;
    QAction* next_ = nullptr;
    QAction* previous_ = nullptr;
};

}  // namespace lvr
