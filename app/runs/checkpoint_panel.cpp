#include "app/runs/checkpoint_panel.h"

#include <QLabel>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "app/runs/picture_reader.h"
#include "app/runs/rollout_reader.h"
#include "widgets/message_bar.h"
#include "widgets/rollouts/checkpoint_scrubber.h"

namespace lvr {
namespace {

constexpr int kLookEvery = 2000;  // ms; checkpoints are rarer than steps

}  // namespace

CheckpointPanel::CheckpointPanel(QWidget* parent)
    : QWidget(parent),
      reader_(new RolloutReader(this)),
      pictures_(new PictureReader(this)),
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
    clock_.setInterval(kLookEvery);
    connect(&clock_, &QTimer::timeout, this, &CheckpointPanel::look);
    connect(reader_, &RolloutReader::probesRead, this, &CheckpointPanel::take);
    connect(reader_, &RolloutReader::runsRead, this, [this] {
        if (broken_) message_->dismiss();
        broken_ = false;
        reader_->readProbes(run_);
    });
    for (const auto trouble : {&RolloutReader::storeFailed, &RolloutReader::missing})
        connect(reader_, trouble, this, &CheckpointPanel::complain);
    connect(scrubber_, &CheckpointScrubber::pictureWanted, pictures_, &PictureReader::read);
    connect(pictures_, &PictureReader::pictureRead, scrubber_, &CheckpointScrubber::setPicture);
    connect(pictures_, &PictureReader::failed, scrubber_, &CheckpointScrubber::setNoPicture);
    connect(scrubber_, &CheckpointScrubber::stepChosen, this, &CheckpointPanel::stepChosen);
    connect(scrubber_, &CheckpointScrubber::modelWanted, this, &CheckpointPanel::modelWanted);
}

void CheckpointPanel::complain(const QString& sentence) {
    broken_ = true;
    if (message_->sentence() != sentence) message_->say(MessageBar::Kind::Error, sentence);
}

void CheckpointPanel::take(std::int64_t run, const std::vector<ProbeStep>& steps) {
    if (run != run_) return;
    scrubber_->show(steps);
    pages_->setCurrentIndex(1);
    if (steps.empty())
        showNothing(tr("Run %1 has no probe answers yet.\n\nA run asks its model some questions of "
                       "validation data again and again when it is started with "
                       "--validation-data FILE (and --probes N, if not eight; New run…: "
                       "Validation). How the answers change from checkpoint to checkpoint, and "
                       "what the model looked at, is shown here.")
                        .arg(run));
}

void CheckpointPanel::showNothing(const QString& why) {
    nothing_->setText(why);
    pages_->setCurrentIndex(0);
}

void CheckpointPanel::showRun(const std::filesystem::path& store, std::int64_t run) {
    if (store == store_ && run == run_) return;
    store_ = store;
    run_ = run;
    scrubber_->show({});
    showNothing(
        run == 0 ? tr("Choose a run to see what its checkpoints answered to its probe questions.")
                 : tr("Reading the probe answers of run %1 …").arg(run));
    if (isVisible()) look();
}

void CheckpointPanel::chooseStep(int step) { scrubber_->chooseStep(step); }

void CheckpointPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    clock_.start();
    look();
}

void CheckpointPanel::hideEvent(QHideEvent* event) {
    clock_.stop();
    QWidget::hideEvent(event);
}

void CheckpointPanel::look() {
    if (store_.empty() || run_ == 0) return;
    if (broken_ || opened_ != store_)
        reader_->open(opened_ = store_);
    else
        reader_->readProbes(run_);
}

}  // namespace lvr
