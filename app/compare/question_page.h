#pragma once

#include <QImage>
#include <QUrl>
#include <QWidget>

#include "app/compare/sample_sets.h"
#include "widgets/compare/strategy.h"

class QLabel;
class QLineEdit;
class QPushButton;

namespace lvr {

class AnswerColumns;
class CompareRun;
class Job;
class QuestionLine;
class StepPicture;

// One question: its picture, text and right answer, and what each strategy makes of it.
class QuestionPage : public QWidget {
    Q_OBJECT
public:
    explicit QuestionPage(CompareServices services, QWidget* parent = nullptr);
    ~QuestionPage() override;

    const Sample& sample() const { return sample_; }
    // origin: where it is from, for a person. Stops what runs.
    void setSample(const Sample& sample, const QString& origin);
    void compare(const std::vector<Strategy>& strategies);
    void stop();
    bool isBusy() const { return run_ != nullptr; }
    void chooseExport();
    void exportTo(const QString& name);  // .png or .csv; none: a picture

Q_SIGNALS:
    void asked();                          // compare() is to follow
    void said(const QString& sentence);    // what was done, or is to be done first
    void failed(const QString& sentence);  // what went wrong with a file
    void busyChanged();
    void filesGiven(const QList<QUrl>& files);  // pasted or dropped, to be opened
    void picturePasted(const QImage& picture);

private:
    void build();
    QWidget* makeControls();
    void wire();
    void wireRun();
    void questionEdited();
    void settle();
    void updateButtons();
    std::string toCsv() const;

    CompareServices services_;
    Job* files_;
    Sample sample_;
    CompareRun* run_ = nullptr;  // ours; gone when it has finished
    StepPicture* picture_;
    QuestionLine* question_;
    QLineEdit* expected_;
    QLabel* origin_;
    QPushButton* compare_;
    QPushButton* stop_;
    QPushButton* export_;
    QLabel* stale_;  // which question the columns are about, once another one is above them
    AnswerColumns* columns_;
};

}  // namespace lvr
