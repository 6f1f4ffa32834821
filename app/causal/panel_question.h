#pragma once

#include <QImage>
#include <QUrl>
#include <QWidget>
#include <optional>

#include "core/values/sample.h"

class QLabel;
class QLineEdit;
class QPushButton;

namespace lvr {

class CausalPicture;
class QuestionLine;

// What is tested: picture, question, right answer, another question that lends its latents; and the
// buttons that begin, stop and export.
class PanelQuestion : public QWidget {
    Q_OBJECT
public:
    explicit PanelQuestion(QWidget* parent = nullptr);

    // origin: where it is from, for a person.
    void setSample(const Sample& sample, const QString& origin);
    Sample sample() const;  // as it is now, with what is known of it
    bool hasPicture() const { return !sample_.question.images.empty(); }
    void type(const std::string& question);       // as a person does
    std::optional<Sample> otherQuestion() const;  // none is typed: nobody lends
    QImage shownPicture() const { return shown_; }
    const QString& pictureMark() const { return mark_; }  // tells pictures apart, also next time
    CausalPicture& picture() { return *picture_; }
    void allow(bool stopping, bool exporting);

Q_SIGNALS:
    void testAsked();
    void stopAsked();
    void exportAsked();
    void edited();                              // it is another question than the sample's
    void filesGiven(const QList<QUrl>& files);  // pasted or dropped, to be opened
    void picturePasted(const QImage& picture);

private:
    void build();
    void wire();
    void questionEdited();
    std::string text() const;

    Sample sample_;
    QImage shown_;
    QString mark_;
    QuestionLine* question_;
    QLineEdit* expected_;
    QLineEdit* other_;
    QPushButton* test_;
    QPushButton* stop_;
    QPushButton* export_;
    CausalPicture* picture_;
    QLabel* origin_;
};

}  // namespace lvr
