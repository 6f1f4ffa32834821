#include "app/runs/checkpoint_panel.h"

#include <QLabel>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "app/runs/small_picture.h"
#include "app/runs/store_reader.h"
#include "widgets/message_bar.h"
#include "widgets/rollouts/checkpoint_scrubber.h"

namespace lvr {

CheckpointPanel::CheckpointPanel(StoreReader* reader, QWidget* parent)
    : QWidget(parent),
      reader_(reader),
      message_(new MessageBar(this)),
      pages_(new QStackedWidget(this)),
      nothing_(new QLabel(this)),
      scrubber_(new CheckpointScrubber(this)) {
    build();
    wire();
    showNothing(tr("Choose a run to see what its checkpoints answered to its probe questions."));
}

void CheckpointPanel::build() {
    nothing_->setAlignment(Qt::AlignCenter);
    nothing_->setWordWrap(true);
    nothing_->setTextFormat(Qt::PlainText);
    nothing_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    pages_->addWidget(nothing_);
    pages_->addWidget(scrubber_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(message_);
    column->addWidget(pages_, 1);
    setFocusProxy(scrubber_);
}

void CheckpointPanel::wire() {
    connect(reader_, &StoreReader::probesRead, this, &CheckpointPanel::take);
    connect(reader_, &StoreReader::opened, this, [this] {
        if (isVisible()) reader_->followProbes(run_, StoreReader::From::Start);
    });
    connect(reader_, &StoreReader::runsChanged, message_, &MessageBar::dismiss);
    for (const auto trouble : {&StoreReader::failed, &StoreReader::missing})
        connect(reader_, trouble, this, [this](const QString& sentence) {
            message_->say(MessageBar::Kind::Error, sentence);
            awaits_ = false;
            Q_EMIT settled();
        });
    connect(scrubber_, &CheckpointScrubber::pictureWanted, this, &CheckpointPanel::readPicture);
    connect(scrubber_, &CheckpointScrubber::stepChosen, this, &CheckpointPanel::stepChosen);
    connect(scrubber_, &CheckpointScrubber::modelWanted, this, &CheckpointPanel::modelWanted);
}

void CheckpointPanel::readPicture(const QString& file) {
    pictures_.add([file] { return readSmallPicture(file); },
                  [this, file](const QImage& picture) { scrubber_->setPicture(file, picture); },
                  [this, file](const QString& why) { scrubber_->setNoPicture(file, why); });
}

void CheckpointPanel::take(std::int64_t run, const std::vector<ProbeStep>& steps) {
    if (run != run_) return;
    awaits_ = false;
    scrubber_->show(steps);
    if (wanted_ >= 0) scrubber_->chooseStep(wanted_);
    pages_->setCurrentIndex(1);
    if (steps.empty())
        showNothing(tr("Run %1 has no probe answers yet.\n\nA run asks its model some questions of "
                       "validation data again and again when it is started with "
                       "--validation-data FILE (and --probes N, if not eight; New run…: "
                       "Validation). How the answers change from checkpoint to checkpoint, and "
                       "what the model looked at, is shown here.")
                        .arg(run));
    Q_EMIT settled();
}

bool CheckpointPanel::isSettled() const { return !isVisible() || run_ == 0 || !awaits_; }

void CheckpointPanel::showNothing(const QString& why) {
    nothing_->setText(why);
    pages_->setCurrentIndex(0);
}

void CheckpointPanel::showRun(std::int64_t run) {
    if (run == run_) return;
    run_ = run;
    awaits_ = true;
    wanted_ = -1;
    scrubber_->show({});
    showNothing(
        run == 0 ? tr("Choose a run to see what its checkpoints answered to its probe questions.")
                 : tr("Reading the probe answers of run %1 …").arg(run));
    reader_->followProbes(run_, StoreReader::From::Start);
    if (!isVisible()) reader_->followProbes(0, StoreReader::From::WhereItWas);
}

void CheckpointPanel::chooseStep(int step) {
    wanted_ = step;
    scrubber_->chooseStep(step);
}

void CheckpointPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    reader_->followProbes(run_, StoreReader::From::WhereItWas);
}

void CheckpointPanel::hideEvent(QHideEvent* event) {
    reader_->followProbes(0, StoreReader::From::WhereItWas);
    QWidget::hideEvent(event);
}

}  // namespace lvr
