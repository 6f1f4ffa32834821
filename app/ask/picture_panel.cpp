#include "app/ask/picture_panel.h"

#include <QAction>
#include <QKeyEvent>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/imgui_canvas.h"
#include "widgets/plain_view.h"

namespace lvr {
namespace {

constexpr int kPlayInterval = 450;  // ms a step

}  // namespace

PicturePanel::PicturePanel(const Trace& trace, QWidget* parent)
    : QWidget(parent), trace_(trace), noOpenGl_(ImGuiCanvas::whyUnavailable()) {
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Picture and latent steps"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    if (noOpenGl_.isEmpty()) {
        canvas_ = new ImGuiCanvas(
            [this](void* picture) { drawLatentView(trace_, picture, state_); }, this);
        connect(canvas_, &ImGuiCanvas::drawn, this, &PicturePanel::announce);
        canvas_->setAccessibleName(accessibleName());
        column->addWidget(canvas_);
        setFocusProxy(canvas_);
    } else {
        plain_ = new PlainView(trace_, noOpenGl_, this);
        plain_->setAccessibleName(accessibleName());
        column->addWidget(plain_);
        setFocusProxy(plain_);
    }
    player_.setInterval(kPlayInterval);
    connect(&player_, &QTimer::timeout, this, &PicturePanel::advance);
    makeStepActions();
    makeViewActions();
}

void PicturePanel::addStepAction(const QString& text, Qt::Key key,
                                 const std::function<void()>& act) {
    auto* action = new QAction(text, this);
    action->setShortcut(QKeySequence(Qt::ALT | key));  // the bare key works when we have the focus
    connect(action, &QAction::triggered, this, act);
    stepActions_.append(action);
}

void PicturePanel::makeStepActions() {
    addStepAction(tr("&Previous step"), Qt::Key_Left, [this] { moveBy(-1); });
    addStepAction(tr("&Next step"), Qt::Key_Right, [this] { moveBy(1); });
    addStepAction(tr("&First step"), Qt::Key_Home, [this] { moveBy(-count()); });
    addStepAction(tr("&Last step"), Qt::Key_End, [this] { moveBy(count()); });
    addStepAction(tr("P&lay or pause"), Qt::Key_P, [this] { togglePlay(); });
}

void PicturePanel::addToggle(const QString& text, bool LatentViewState::*member) {
    auto* action = new QAction(text, this);
    action->setCheckable(true);
    action->setChecked(state_.*member);
    connect(action, &QAction::toggled, this, [this, member](bool on) {
        state_.*member = on;
        if (canvas_) canvas_->redraw();
    });
    viewActions_.append(action);
    toggles_.emplace_back(action, member);
}

void PicturePanel::makeViewActions() {
    if (!canvas_) return;  // the plain view has no choices
    addToggle(tr("&Heat"), &LatentViewState::heat);
    addToggle(tr("&Nearest patches"), &LatentViewState::nearest);
    addToggle(tr("&Regions"), &LatentViewState::rois);
    addToggle(tr("Token &grid"), &LatentViewState::grid);
}

int PicturePanel::count() const { return static_cast<int>(latentSteps(trace_).size()); }

void PicturePanel::pictureChanged() {
    state_.zoom = 1;
    state_.centreX = state_.centreY = 0.5f;
    state_.image = lastImage_ = 0;
    const auto& images = trace_.question.images;
    const Image picture = images.empty() ? Image{} : images.front();
    if (canvas_) canvas_->setPicture(picture);
    if (plain_) plain_->setPicture(picture);
    stepsChanged();
}

void PicturePanel::stepsChanged() {
    const int now = count();
    const bool onNewest = state_.selectedStep == lastCount_ - 1;
    lastCount_ = now;
    if (now == 0) pause();
    selectStep(onNewest ? now - 1 : std::min(state_.selectedStep, now - 1));
}

void PicturePanel::selectStep(int step) {
    state_.selectedStep = std::clamp(step, -1, count() - 1);
    if (canvas_) canvas_->redraw();
    announce();
}

void PicturePanel::announce() {
    if (!state_.playing)
        player_.stop();
    else if (!player_.isActive())
        startPlayer();
    if (state_.image != lastImage_ && canvas_) {
        lastImage_ = state_.image;
        canvas_->setPicture(trace_.question.images[state_.image]);
    }
    for (const auto& [action, member] : toggles_) action->setChecked(state_.*member);
    if (plain_) plain_->selectStep(state_.selectedStep);
    if (state_.selectedStep == announced_) return;
    announced_ = state_.selectedStep;
    Q_EMIT stepSelected(announced_);
}

void PicturePanel::play() {
    if (count() < 2) return;
    state_.playing = true;
    selectStep(0);
}

void PicturePanel::pause() {
    state_.playing = false;
    selectStep(state_.selectedStep);
}

void PicturePanel::togglePlay() {
    state_.playing = !state_.playing && count() > 0;
    selectStep(state_.selectedStep);
}

// At the end, playing means from the start again.
void PicturePanel::startPlayer() {
    if (state_.selectedStep >= count() - 1) state_.selectedStep = 0;
    player_.start();
}

void PicturePanel::advance() {
    if (state_.selectedStep + 1 >= count()) return pause();
    selectStep(state_.selectedStep + 1);
}

void PicturePanel::moveBy(int steps) {
    if (count() == 0) return;
    state_.playing = false;
    selectStep(std::clamp(state_.selectedStep + steps, 0, count() - 1));
}

void PicturePanel::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
            return moveBy(-1);
        case Qt::Key_Right:
            return moveBy(1);
        case Qt::Key_Home:
            return moveBy(-count());
        case Qt::Key_End:
            return moveBy(count());
        case Qt::Key_Space:
            return togglePlay();
    }
    QWidget::keyPressEvent(event);
}

}  // namespace lvr
