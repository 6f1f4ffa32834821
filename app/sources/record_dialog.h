#pragma once

#include <QDialog>

#include "datasets/record_file.h"

class QLabel;
class QLineEdit;
class QPushButton;

namespace lvr {

class Job;

// Picture, question, answer and regions become a record of a file that a model is trained on. The
// file is chosen once and remembered.
class RecordDialog : public QDialog {
    Q_OBJECT
public:
    explicit RecordDialog(NewRecord record, QWidget* parent = nullptr);

Q_SIGNALS:
    void saved(const QString& file, int records);  // it holds so many now

private:
    void build();
    void chooseFile();
    void save();
    void say(const QString& sentence);

    NewRecord record_;
    Job* job_;
    QLineEdit* file_;
    QLineEdit* question_;
    QLineEdit* answer_;
    QLabel* sentence_;
    QPushButton* save_;
};

}  // namespace lvr
