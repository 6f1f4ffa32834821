#include "app/rollouts/checkpoint_panel.h"

#include <QVBoxLayout>

#include "app/rollouts/picture_reader.h"
#include "app/rollouts/rollout_reader.h"
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
      scrubber_(new CheckpointScrubber(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(message_);
    column->addWidget(scrubber_, 1);
    message_->dismiss();
    wire();
}

void CheckpointPanel::wire() {
    clock_.setInterval(kLookEvery);
    connect(&clock_, &QTimer::timeout, this, &CheckpointPanel::look);
    connect(reader_, &RolloutReader::probesRead, this,
            [this](std::int64_t run, const std::vector<ProbeStep>& steps) {
                if (run == run_) scrubber_->show(steps);
            });
    connect(reader_, &RolloutReader::runsRead, this, [this] {
        if (broken_) message_->dismiss();
        broken_ = false;
        reader_->readProbes(run_);
    });
    connect(reader_, &RolloutReader::storeFailed, this, [this](const QString& sentence) {
        broken_ = true;
        if (message_->sentence() != sentence) message_->say(MessageBar::Kind::Error, sentence);
    });
    connect(scrubber_, &CheckpointScrubber::pictureWanted, pictures_, &PictureReader::read);
    connect(pictures_, &PictureReader::pictureRead, scrubber_, &CheckpointScrubber::setPicture);
    connect(pictures_, &PictureReader::failed, scrubber_, &CheckpointScrubber::setNoPicture);
    connect(scrubber_, &CheckpointScrubber::stepChosen, this, &CheckpointPanel::stepChosen);
}

void CheckpointPanel::showRun(const std::filesystem::path& store, std::int64_t run) {
    if (store == store_ && run == run_) return;
    const bool sameStore = store == store_ && !broken_;
    store_ = store;
    run_ = run;
    scrubber_->show({});
    if (sameStore)
        reader_->readProbes(run);
    else
        reader_->open(store);
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
    if (broken_)
        reader_->open(store_);
    else
        reader_->readProbes(run_);
}

}  // namespace lvr
