#pragma once

#include <QWidget>

#include "app/compare/sample_sets.h"
#include "widgets/compare/strategy.h"

class QComboBox;
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
    void setSample(const Sample& sample);  // stops what runs
    void openPicture(const QString& file);
    void newScene(const QString& kind);
    void compare(const std::vector<Strategy>& strategies);
    void stop();
    bool isBusy() const { return run_ != nullptr; }
    void exportTo(const QString& name);  // .png or .csv; none: a picture

Q_SIGNALS:
    void asked();                          // compare() is to follow
    void said(const QString& sentence);    // what was done, or is to be done first
    void failed(const QString& sentence);  // what went wrong with a file
    void busyChanged();

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void build();
    QWidget* makeControls();
    void wire();
    void wireRun();
    void setPicture(const Image& picture);
    void questionEdited();
    void choosePicture();
    void chooseExport();
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
    QPushButton* open_;
    QPushButton* scene_;
    QComboBox* kinds_;
    QPushButton* compare_;
    QPushButton* stop_;
    QPushButton* export_;
    AnswerColumns* columns_;
};

}  // namespace lvr
