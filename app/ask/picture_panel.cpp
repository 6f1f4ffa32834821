#include "app/ask/picture_panel.h"

#include <QAction>
#include <QActionGroup>
#include <QJsonDocument>
#include <QKeyEvent>
#include <QSettings>
#include <QVBoxLayout>
#include <algorithm>

#include "core/vision/patch_grid.h"
#include "widgets/action_tip.h"
#include "widgets/imgui_canvas.h"
#include "widgets/latent/latent_state.h"
#include "widgets/latent/plain_view.h"
#include "widgets/qt_image.h"
#include "widgets/regions/region_actions.h"
#include "widgets/regions/region_tool.h"

namespace lvr {
namespace {

constexpr int kPlayInterval = 450;  // ms a step
constexpr int kViewSettles = 500;   // ms: a slider comes to rest
constexpr auto kView = "ask/view";

}  // namespace

PicturePanel::PicturePanel(const Trace& trace, QWidget* parent) : QWidget(parent), trace_(trace) {
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Picture and latent steps"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto canvas = std::make_unique<ImGuiCanvas>(
        [this](const PanelTextures& textures) { drawLatentView(trace_, textures, state_); }, this);
    noOpenGl_ = canvas->whyUnavailable();
    if (noOpenGl_.isEmpty()) {
        canvas_ = canvas.release();
        connect(canvas_, &ImGuiCanvas::drawn, this, &PicturePanel::announce);
        canvas_->setAccessibleName(accessibleName());
        column->addWidget(canvas_);
        setFocusProxy(canvas_);
    } else {
        plain_ = new PlainView(trace_, state_, noOpenGl_, this);
        plain_->setAccessibleName(accessibleName());
        column->addWidget(plain_);
        setFocusProxy(plain_);
    }
    setFixedKeys(*focusProxy(), {tr("the picture"),
                                 {{tr("Left, Right"), tr("Previous or next step")},
                                  {tr("Home, End"), tr("First or last step")},
                                  {tr("Space"), tr("Play or pause")},
                                  {tr("H"), tr("Hide the heat while held")},
                                  {tr("Esc"), tr("Close a menu or the card of a patch")}}});
    makeRegions(focusProxy());
    focusProxy()->installEventFilter(this);
    connect(&player_, &QTimer::timeout, this, &PicturePanel::advance);
    makeStepActions();
    makeViewActions();
}

PicturePanel::~PicturePanel() {
    if (viewSettles_.isActive()) keepView();
}

void PicturePanel::makeRegions(QWidget* surface) {
    state_.tokensOf = [](const Box& box, PatchGrid grid) { return boxTokens(box, grid); };
    regions_ = new RegionTool(state_, this);
    regions_->watch(surface);
    regionBar_ = new RegionBar(regions_->actions().bar(), this);
    setFixedKeys(*regionBar_, regionKeys());
    regionBar_->setAutoFillBackground(true);
    regionBar_->hide();
    connect(regions_, &RegionTool::drawingChanged, this, [this](bool drawing) {
        regionBar_->setVisible(drawing);
        placeRegionBar();
    });
    connect(regions_, &RegionTool::changed, this, [this] {
        regionBar_->say(regions_->summary());
        if (canvas_) canvas_->redraw();
        if (plain_) plain_->update();
    });
}

// Over the controls of the heat, so that the picture keeps its place.
void PicturePanel::placeRegionBar() {
    regionBar_->setGeometry(0, 0, width(), regionBar_->sizeHint().height());
    regionBar_->raise();
}

void PicturePanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    placeRegionBar();
}

void PicturePanel::addStepAction(const QString& name, const QString& text, Qt::Key key,
                                 const std::function<void()>& act) {
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    action->setShortcut(QKeySequence(Qt::ALT | key));  // the bare key works when we have the focus
    connect(action, &QAction::triggered, this, act);
    stepActions_.append(action);
}

void PicturePanel::makeStepActions() {
    addStepAction("steps.previous", tr("&Previous step"), Qt::Key_Left, [this] { moveBy(-1); });
    addStepAction("steps.next", tr("&Next step"), Qt::Key_Right, [this] { moveBy(1); });
    addStepAction("steps.first", tr("&First step"), Qt::Key_Home, [this] { moveBy(-count()); });
    addStepAction("steps.last", tr("&Last step"), Qt::Key_End, [this] { moveBy(count()); });
    addStepAction("steps.play", tr("P&lay or pause"), Qt::Key_P, [this] { togglePlay(); });
    addStepAction("steps.faster", tr("Play fas&ter"), Qt::Key_Plus, [this] { changeSpeed(1); });
    addStepAction("steps.slower", tr("Play slo&wer"), Qt::Key_Minus, [this] { changeSpeed(-1); });
    auto* loop = new QAction(tr("L&oop"), this);
    loop->setObjectName("steps.loop");
    loop->setCheckable(true);
    connect(loop, &QAction::toggled, this, [this](bool on) {
        state_.loop = on;
        redraw();
    });
    stepActions_.append(loop);
    toggles_.emplace_back(loop, &LatentViewState::loop);
}

void PicturePanel::addToggle(const QString& name, const QString& text,
                             bool LatentViewState::*member) {
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    action->setCheckable(true);
    action->setChecked(state_.*member);
    connect(action, &QAction::toggled, this, [this, member](bool on) {
        state_.*member = on;
        redraw();
    });
    viewActions_.append(action);
    toggles_.emplace_back(action, member);
}

void PicturePanel::changeSpeed(int by) {
    const auto* now = std::ranges::lower_bound(kSpeeds, state_.speed);
    const auto at = std::clamp<std::ptrdiff_t>(now - kSpeeds + by, 0, std::ssize(kSpeeds) - 1);
    state_.speed = kSpeeds[at];
    redraw();
    announce();
}

// How the heat lies over the picture, and which values its colours are for.
void PicturePanel::makeHeatActions() {
    auto* covers = new QActionGroup(this);
    for (const HeatCover cover : kHeatCovers) {
        const QString name = QString::fromUtf8(nameOf(cover).data());
        auto* action = new QAction(tr("Heat over the picture: %1").arg(name), covers);
        action->setObjectName("view.cover-" + QString(name).replace(' ', '-'));
        action->setCheckable(true);
        action->setToolTip(QString::fromUtf8(explainOf(cover).data()));
        connect(action, &QAction::triggered, this, [this, cover] {
            state_.look.cover = cover;
            redraw();
        });
        viewActions_.append(action);
    }
    const auto add = [this](const char* name, const QString& text, auto limits) {
        auto* action = new QAction(text, this);
        action->setObjectName(name);
        connect(action, &QAction::triggered, this, [this, limits] {
            state_.limits = limits();
            redraw();
        });
        viewActions_.append(action);
    };
    add("view.limits-auto", tr("Colours for this step's values"),
        [this] { return limitsOf(state_.heatOf.maps(), state_.selectedStep); });
    add("view.limits-reset", tr("Colours for the values of all steps"),
        [] { return std::optional<HeatLimits>(); });
}

void PicturePanel::makeViewActions() {
    for (const HeatMode mode : kHeatModes) {
        auto* action = new QAction(QString::fromUtf8(nameOf(mode).data()), this);
        action->setObjectName("heat." + action->text().toLower().replace(' ', '-'));
        action->setCheckable(true);
        action->setToolTip(QString::fromUtf8(explainOf(mode).data()));
        connect(action, &QAction::triggered, this, [this, mode] {
            chooseMode(mode, state_);
            redraw();
        });
        modeActions_.append(action);
    }
    addToggle("view.heat", tr("&Heat"), &LatentViewState::heat);
    makeHeatActions();
    addToggle("view.nearest", tr("&Nearest patches"), &LatentViewState::nearest);
    addToggle("view.regions", tr("Ta&rgets"), &LatentViewState::rois);
    addToggle("view.path", tr("&Path through the targets"), &LatentViewState::path);
    addToggle("view.grid", tr("Token &grid"), &LatentViewState::grid);
    if (!canvas_) return;  // the plain view has no more choices
    addToggle("view.all-steps", tr("&All steps"), &LatentViewState::multiples);
    addToggle("view.small-pictures", tr("&Small pictures"), &LatentViewState::thumbnails);
    addToggle("view.curves", tr("&Curves"), &LatentViewState::curves);
}

void PicturePanel::redraw() {
    if (canvas_) canvas_->redraw();
    if (plain_) plain_->update();
    showChoices();
}

// The menus say what the panel has; what the trace does not hold can't be chosen.
void PicturePanel::showChoices() {
    for (const auto& [action, member] : toggles_) action->setChecked(state_.*member);
    for (QAction* action : viewActions_)
        if (action->actionGroup())
            action->setChecked(action->toolTip() ==
                               QString::fromUtf8(explainOf(state_.look.cover).data()));
    followTrace(trace_, state_);
    const auto& offered = state_.heatOf.modes();
    for (std::size_t i = 0; i < std::size(kHeatModes); ++i) {
        modeActions_[static_cast<int>(i)]->setChecked(kHeatModes[i] == state_.shown.mode);
        modeActions_[static_cast<int>(i)]->setEnabled(
            std::find(offered.begin(), offered.end(), kHeatModes[i]) != offered.end());
    }
    if (keptView_ && !viewSettles_.isActive() && viewChoices(state_) != *keptView_)
        viewSettles_.start();
}

void PicturePanel::showTargets(const std::vector<Box>& targets) {
    state_.targets = targets;
    redraw();
}

int PicturePanel::count() const { return static_cast<int>(latentSteps(trace_).size()); }

void PicturePanel::pictureChanged() {
    state_.zoom = 1;
    state_.centreX = state_.centreY = 0.5f;
    state_.image = lastImage_ = 0;
    state_.asked.reset();
    ++state_.revision;
    state_.limits.reset();
    showImage(0);
    std::vector<QSize> sizes;
    for (const Image& image : trace_.question.images) sizes.emplace_back(image.width, image.height);
    regions_->showPictures(std::move(sizes));
    stepsChanged();
}

// Shrunk elsewhere where it is too large to be shown as it is.
void PicturePanel::showImage(int index) {
    const auto& images = trace_.question.images;
    const auto show = [this](const Image& picture) {
        if (canvas_) canvas_->setPicture(picture);
        if (plain_) plain_->setPicture(picture);
    };
    pictures_.drop();
    if (index >= static_cast<int>(images.size())) return show({});
    const Image& image = images[static_cast<std::size_t>(index)];
    if (std::max(image.width, image.height) <= ImGuiCanvas::kLargestPicture) return show(image);
    show({});
    pictures_.replace([image] { return shrunkTo(image, ImGuiCanvas::kLargestPicture); }, show,
                      [](const QString& sentence) { qWarning("%s", qUtf8Printable(sentence)); });
}

void PicturePanel::stepsChanged() {
    ++state_.revision;
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
    const auto interval = static_cast<int>(kPlayInterval / state_.speed);
    if (player_.interval() != interval) player_.setInterval(interval);
    if (!state_.playing)
        player_.stop();
    else if (!player_.isActive())
        startPlayer();
    if (state_.image != lastImage_ && canvas_) {
        lastImage_ = state_.image;
        showImage(state_.image);
        regions_->turnTo(state_.image);
    }
    showChoices();
    if (plain_) plain_->update();
    if (state_.selectedStep == announced_) return;
    announced_ = state_.selectedStep;
    Q_EMIT stepSelected(announced_);
}

void PicturePanel::rememberView() {
    const auto kept = QJsonDocument::fromJson(QSettings().value(kView).toByteArray());
    applyViewChoices(kept.object(), state_);
    viewSettles_.setSingleShot(true);
    viewSettles_.setInterval(kViewSettles);
    connect(&viewSettles_, &QTimer::timeout, this, &PicturePanel::keepView);
    keptView_ = viewChoices(state_);
    redraw();
}

void PicturePanel::keepView() {
    keptView_ = viewChoices(state_);
    QSettings().setValue(kView, QJsonDocument(*keptView_).toJson(QJsonDocument::Compact));
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
    const bool atEnd = state_.selectedStep + 1 >= count();
    if (atEnd && !state_.loop) return pause();
    selectStep(atEnd ? 0 : state_.selectedStep + 1);
}

void PicturePanel::moveBy(int steps) {
    if (count() == 0) return;
    state_.playing = false;
    selectStep(std::clamp(state_.selectedStep + steps, 0, count() - 1));
}

bool PicturePanel::hasToClose() const { return state_.menuIsOpen || state_.asked; }

// One thing at a time, the uppermost first.
void PicturePanel::close() {
    if (state_.menuIsOpen)
        state_.closesMenu = true;
    else
        state_.asked.reset();
    redraw();
}

void PicturePanel::peek(bool peeks) {
    if (state_.peeks == peeks) return;
    state_.peeks = peeks;
    redraw();
}

bool PicturePanel::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::FocusOut) peek(false);
    // Escape means more elsewhere; here it closes what is open first.
    if (event->type() == QEvent::ShortcutOverride && hasToClose() &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void PicturePanel::keyReleaseEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_H && !event->isAutoRepeat()) return peek(false);
    QWidget::keyReleaseEvent(event);
}

void PicturePanel::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_H:
            if (event->modifiers() != Qt::NoModifier) break;
            return peek(true);
        case Qt::Key_Escape:
            if (hasToClose()) return close();
            break;
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
