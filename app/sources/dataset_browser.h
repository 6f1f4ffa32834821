#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "core/values/sample.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QModelIndex;
class QProgressBar;
class QPushButton;
class QTableView;

namespace lvr {

class RecordList;
class RecordModel;
class RecordReader;

// The records of a data file or a scenes folder as a table; a click or Enter shows one with its
// pictures, question, known answer and boxes.
class DatasetBrowser : public QWidget {
    Q_OBJECT
public:
    explicit DatasetBrowser(QWidget* parent = nullptr);
    ~DatasetBrowser() override;

    void open(const QString& data);  // a file, or a folder that holds data.json
    void openWhenShown(const QString& data);
    void chooseFile() { choose(false); }
    const QString& data() const { return data_; }
    void setImageRoot(const QString& folder);
    QString imageRoot() const;
    void openNeighbour(int by);
    bool isEmpty() const { return !records_; }

Q_SIGNALS:
    void recordWanted();  // it is being read; sampleChosen() or failed() follows
    void sampleChosen(const lvr::Sample& sample);
    void failed(const QString& sentence);  // of a record; what is wrong with the file stands here
    void settled();                        // the file is read, or was not

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void build();
    void offerColumns();
    void offerKinds();
    void search();
    QString chosenKind() const;
    void wire();
    void wireReader();
    void choose(bool folder);
    void reopen();
    void showRecords();
    void showRows(std::vector<int> rows);
    void showRecord(const QModelIndex& index);
    void copyRecord();
    void say(const QString& sentence);
    void setReading(bool reading);

    QString data_;
    std::shared_ptr<const RecordList> records_;
    int openRecord_ = -1;
    int wantedRecord_ = -1;  // it is being read
    bool waitsToBeShown_ = false;

    RecordReader* reader_;
    RecordModel* model_;
    QLineEdit* path_;
    QLineEdit* images_;
    QLineEdit* filter_;
    QComboBox* kind_;
    QTableView* table_;
    QLabel* hint_;
    QLabel* count_;
    QProgressBar* progress_;
    QPushButton* cancel_;
};

}  // namespace lvr
