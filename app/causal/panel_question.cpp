#include "app/causal/panel_question.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include "app/causal/panel_donors.h"
#include "widgets/causal/causal_picture.h"
#include "widgets/labels.h"
#include "widgets/qt_image.h"
#include "widgets/question_line.h"

namespace lvr {
namespace {

constexpr int kLargestShown = 768;  // pixels

QString markOf(const Image& picture, const QImage& shown) {
    const QByteArrayView bytes(shown.constBits(), shown.sizeInBytes());
    return QString("%1x%2:%3").arg(picture.width).arg(picture.height).arg(qChecksum(bytes));
}

}  // namespace

PanelQuestion::PanelQuestion(QWidget* parent)
    : QWidget(parent),
      question_(new QuestionLine(this)),
      expected_(new QLineEdit(this)),
      other_(new QLineEdit(this)),
      test_(new QPushButton(tr("Test"), this)),
      stop_(new QPushButton(tr("Stop"), this)),
      export_(new QPushButton(tr("Export…"), this)),
      picture_(new CausalPicture(this)),
      origin_(new ElidedLabel(this)) {
    build();
    wire();
}

void PanelQuestion::build() {
    expected_->setPlaceholderText(tr("right answer, if it is known"));
    expected_->setAccessibleName(tr("Right answer"));
    other_->setPlaceholderText(tr("another question about this picture"));
    other_->setAccessibleName(tr("Another question about this picture"));
    other_->setToolTip(
        tr("It lends its latents to “another question's latents” and “another question's "
           "beginning”"));
    for (auto* line : {expected_, other_}) line->setClearButtonEnabled(true);
    origin_->setAccessibleName(tr("Where picture and question come from"));
    test_->setDefault(true);
    test_->setToolTip(tr("Ask with every chosen intervention (Enter in the question)"));
    stop_->setToolTip(tr("Keep what there is"));
    export_->setToolTip(
        tr("Write the panel, a figure or a picture of the page, with the command "
           "that makes it again (Ctrl+E)"));
    auto* buttons = new QHBoxLayout;
    for (auto* each : {test_, stop_, export_}) buttons->addWidget(each, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 4, 0);
    column->setSpacing(4);
    column->addWidget(question_);
    column->addWidget(expected_);
    column->addWidget(other_);
    column->addLayout(buttons);
    column->addWidget(picture_, 1);
    column->addWidget(origin_);
}

void PanelQuestion::wire() {
    connect(question_, &QuestionLine::asked, this, &PanelQuestion::testAsked);
    connect(question_, &QuestionLine::textChanged, this, &PanelQuestion::questionEdited);
    connect(question_, &QuestionLine::filesGiven, this, &PanelQuestion::filesGiven);
    connect(question_, &QuestionLine::picturePasted, this, &PanelQuestion::picturePasted);
    for (auto* line : {expected_, other_})
        connect(line, &QLineEdit::returnPressed, this, &PanelQuestion::testAsked);
    connect(test_, &QPushButton::clicked, this, &PanelQuestion::testAsked);
    connect(stop_, &QPushButton::clicked, this, &PanelQuestion::stopAsked);
    connect(export_, &QPushButton::clicked, this, &PanelQuestion::exportAsked);
}

void PanelQuestion::setSample(const Sample& sample, const QString& origin) {
    sample_ = sample;
    origin_->setText(origin);
    {
        const QSignalBlocker quiet(question_);
        question_->setPlainText(QString::fromStdString(sample.question.text));
    }
    expected_->setText(QString::fromStdString(sample.answer));
    other_->setText(QString::fromStdString(anotherQuestion(sample.question.text)));
    other_->setCursorPosition(0);
    const auto& images = sample.question.images;
    shown_ = images.empty() ? QImage() : toQImage(shrunkTo(images[0], kLargestShown));
    mark_ = images.empty() ? QString() : markOf(images[0], shown_);
    picture_->setPicture(shown_);
    picture_->setRegions(sample.rois);
}

void PanelQuestion::type(const std::string& question) {
    question_->setPlainText(QString::fromStdString(question));
}

std::string PanelQuestion::text() const { return question_->toPlainText().trimmed().toStdString(); }

// The known answer, regions and kind were another question's then.
void PanelQuestion::questionEdited() {
    if (text() == sample_.question.text) return;
    if (expected_->text().toStdString() == sample_.answer) expected_->clear();
    other_->setText(QString::fromStdString(anotherQuestion(text())));
    sample_.answer.clear();
    sample_.rois.clear();
    sample_.kind.clear();
    picture_->setRegions({});
    Q_EMIT edited();
}

Sample PanelQuestion::sample() const {
    Sample now = sample_;
    now.question.text = text();
    now.answer = expected_->text().trimmed().toStdString();
    return now;
}

std::optional<Sample> PanelQuestion::otherQuestion() const {
    const std::string other = other_->text().trimmed().toStdString();
    if (other.empty()) return std::nullopt;
    return Sample{.question = {sample_.question.images, other}};
}

void PanelQuestion::allow(bool stopping, bool exporting) {
    stop_->setEnabled(stopping);
    export_->setEnabled(exporting);
}

}  // namespace lvr
