#include "widgets/regions/region_tool.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QWidget>
#include <algorithm>
#include <utility>

#include "core/error.h"
#include "widgets/regions/region_json.h"
#include "widgets/regions/region_list.h"

namespace lvr {
namespace {

constexpr int kFarNudge = 10;  // pixels, with Shift

Qt::CursorShape cursorOn(const RegionGrip& grip) {
    if (grip.box < 0) return Qt::CrossCursor;
    if (grip.x == 0 && grip.y == 0) return Qt::SizeAllCursor;
    if (grip.x == 0) return Qt::SizeVerCursor;
    if (grip.y == 0) return Qt::SizeHorCursor;
    return grip.x == grip.y ? Qt::SizeFDiagCursor : Qt::SizeBDiagCursor;
}

bool clipboardHasText() {
    const QString text = QGuiApplication::clipboard()->text().trimmed();
    return text.startsWith('[') || text.startsWith('{');
}

}  // namespace

RegionTool::RegionTool(LatentViewState& state, QWidget* panel)
    : QObject(panel),
      state_(state),
      editor_(this),
      actions_(editor_.history(), panel, this),
      list_(new RegionList(panel)) {
    list_->hide();  // until somebody has a place for it
    state_.onPointer = [this](const RegionPointer& pointer) { point(pointer); };
    wire();
    update();
}

void RegionTool::wire() {
    const auto on = [this](QAction* action, const std::function<void()>& act) {
        connect(action, &QAction::triggered, this, act);
    };
    on(actions_.draw, [this] { setDrawing(actions_.draw->isChecked()); });
    on(actions_.add, [this] { addInTheMiddle(); });
    on(actions_.remove,
       [this] { editor_.change(tr("remove region"), [](RegionEdit& edit) { edit.remove(); }); });
    on(actions_.clear, [this] {
        editor_.change(tr("remove all regions"), [](RegionEdit& edit) { edit.setRegions({}); });
    });
    on(actions_.tokens, [this] { update(); });
    on(actions_.snap, [this] { snap(); });
    on(actions_.fromTokens, [this] { boxFromTokens(); });
    on(actions_.useKnown, [this] { useKnown(); });
    on(actions_.copy, [this] { copy(); });
    on(actions_.paste, [this] { paste(); });
    on(actions_.thought, [this] { Q_EMIT thoughtWanted(); });
    on(actions_.record, [this] { Q_EMIT recordWanted(); });
    wireList();
    connect(&editor_, &RegionEditor::changed, this, &RegionTool::update);
}

// Queued: the list is still at what it tells of.
void RegionTool::wireList() {
    list_->offer({actions_.thought, actions_.record});
    connect(list_, &RegionList::chosen, this, [this](int region) {
        if (region != editor_.regions().chosen) editor_.chooseThis(region);
    });
    connect(
        list_, &RegionList::moved, this,
        [this](int from, int to) {
            editor_.change(tr("reorder regions"),
                           [=](RegionEdit& edit) { edit.reorder(from, to); });
        },
        Qt::QueuedConnection);
    connect(
        list_, &RegionList::renamed, this,
        [this](int region, const QString& name) {
            editor_.change(tr("label region"),
                           [&](RegionEdit& edit) { edit.rename(region, name.toStdString()); });
        },
        Qt::QueuedConnection);
    connect(
        list_, &RegionList::hidden, this,
        [this](int region, bool hides) {
            if (region >= std::ssize(boxes())) return;
            std::erase(hidden_, boxes()[region]);
            if (hides) hidden_.push_back(boxes()[region]);
            update();
        },
        Qt::QueuedConnection);
    connect(
        list_, &RegionList::removed, this,
        [this](int region) {
            editor_.change(tr("remove region"), [=](RegionEdit& edit) { edit.removeThis(region); });
        },
        Qt::QueuedConnection);
}

void RegionTool::showInList() {
    list_->show({boxes(), names(), state_.hiddenBoxes, state_.chosenBox});
}

void RegionTool::watch(QWidget* surface) {
    surfaces_.append(surface);
    surface->installEventFilter(this);
}

// ---- What it is about ----

void RegionTool::showPictures(std::vector<QSize> sizes) {
    sizes_ = std::move(sizes);
    grids_.clear();
    if (sizes_.empty()) setDrawing(false);
    setBoxes({});
    turnTo(0);
}

void RegionTool::turnTo(int image) {
    state_.pickedTokens.clear();
    const QSize size = image < std::ssize(sizes_) ? sizes_[image] : QSize(1, 1);
    editor_.turnTo(image, {1.0 / size.width(), 1.0 / size.height()});
}

void RegionTool::setBoxes(std::vector<Box> boxes, std::vector<std::string> names) {
    editor_.reset(std::move(boxes), std::move(names));
}

void RegionTool::setGrids(std::vector<PatchGrid> grids) {
    const PatchGrid before = grid();
    grids_ = std::move(grids);
    if (before != grid()) state_.pickedTokens.clear();
    update();
}

PatchGrid RegionTool::gridOf(int image) const {
    return image < std::ssize(grids_) ? grids_[image] : PatchGrid{};
}

std::size_t RegionTool::tokensOf(const Box& box) const {
    return state_.tokensOf(box, gridOf(box.image)).size();
}

void RegionTool::setKnown(std::vector<Box> rois) {
    known_ = std::move(rois);
    update();
}

void RegionTool::setThoughtAllowed(bool allowed) {
    thoughtAllowed_ = allowed;
    update();
}

QString RegionTool::summary() const {
    const auto count = static_cast<int>(boxes().size());
    if (count == 0) return tr("no regions");
    QString text = count == 1 ? tr("1 region") : tr("%1 regions").arg(count);
    if (!state_.tokensOf || grid().count() == 0) return text;
    std::size_t tokens = 0;
    for (const Box& box : boxes()) tokens += tokensOf(box);
    text += tokens == 1 ? tr(", 1 token") : tr(", %1 tokens").arg(tokens);
    if (count > 1 && state_.chosenBox >= 0)
        text += tr(" (number %1: %2)")
                    .arg(state_.chosenBox + 1)
                    .arg(tokensOf(boxes()[state_.chosenBox]));
    return text;
}

void RegionTool::setDrawing(bool drawing) {
    if (!drawing) editor_.cancelDrag();
    state_.drawing = drawing;
    state_.hand = false;
    if (drawing) {
        state_.multiples = false;
        state_.asked.reset();
        for (QWidget* surface : surfaces_) surface->setFocus();
    }
    for (QWidget* surface : surfaces_)
        drawing ? surface->setCursor(Qt::CrossCursor) : surface->unsetCursor();
    update();
    Q_EMIT drawingChanged(drawing);
}

// Tells the view and the menu what there is now.
void RegionTool::update() {
    const bool showsTokens = actions_.tokens->isChecked();
    state_.boxes = boxes();
    state_.boxNames = names();
    state_.hiddenBoxes.clear();
    for (int i = 0; i < std::ssize(boxes()); ++i)
        if (std::ranges::find(hidden_, boxes()[i]) != hidden_.end())
            state_.hiddenBoxes.push_back(i);
    state_.chosenBox = editor_.regions().chosen;
    state_.boxGrid = showsTokens ? grid() : PatchGrid{};
    if (!showsTokens) state_.pickedTokens.clear();
    actions_.draw->setChecked(state_.drawing);
    actions_.allow({.picture = !sizes_.empty(),
                    .regions = !boxes().empty(),
                    .chosen = state_.drawing && state_.chosenBox >= 0,
                    .grid = grid().count() > 0 && state_.tokensOf,
                    .picked = !state_.pickedTokens.empty(),
                    .known = !known_.empty() && known_ != boxes(),
                    .model = thoughtAllowed_});
    showInList();
    Q_EMIT changed();
    const bool areOthers = std::exchange(announced_, boxes()) != boxes();
    const bool areNamed = std::exchange(announcedNames_, names()) != names();
    if (areOthers || areNamed) Q_EMIT boxesChanged();
}

// ---- Mouse ----

void RegionTool::point(const RegionPointer& pointer) {
    showCursor(pointer);
    if (pointer.phase == RegionPointer::Phase::Hover) return;
    if (pointer.phase == RegionPointer::Phase::Press)
        mouse_ = pointer.token ? Mouse::OnTokens : Mouse::OnBoxes;
    if (mouse_ == Mouse::OnTokens) pick(pointer);
    if (mouse_ == Mouse::OnBoxes) editor_.pointer(pointer);
    if (pointer.phase == RegionPointer::Phase::Release) mouse_ = Mouse::Up;
}

// The first token decides whether those that follow are marked or unmarked.
void RegionTool::pick(const RegionPointer& pointer) {
    if (pointer.x < 0 || pointer.y < 0 || pointer.x >= 1 || pointer.y >= 1 || grid().count() == 0)
        return;
    if (pointer.phase == RegionPointer::Phase::Release) return;
    actions_.tokens->setChecked(true);
    const int token = static_cast<int>(pointer.y * grid().rows) * grid().cols +
                      static_cast<int>(pointer.x * grid().cols);
    auto& picked = state_.pickedTokens;
    const auto found = std::find(picked.begin(), picked.end(), token);
    if (pointer.phase == RegionPointer::Phase::Press) picks_ = found == picked.end();
    if (picks_ == (found != picked.end())) return;
    picks_ ? picked.push_back(token) : void(picked.erase(found));
    update();
}

void RegionTool::showCursor(const RegionPointer& pointer) {
    if (editor_.edit().isDragging()) return;
    const auto grip =
        editor_.edit().gripAt({pointer.x, pointer.y}, {pointer.reachX, pointer.reachY});
    const auto shape = pointer.token   ? Qt::PointingHandCursor
                       : pointer.fresh ? Qt::CrossCursor
                                       : cursorOn(grip);
    for (QWidget* surface : surfaces_)
        if (surface->cursor().shape() != shape) surface->setCursor(shape);
}

// ---- Keys ----

bool RegionTool::eventFilter(QObject* watched, QEvent* event) {
    if (!state_.drawing) return QObject::eventFilter(watched, event);
    switch (event->type()) {
        case QEvent::ShortcutOverride:
            if (!wantsKey(*static_cast<QKeyEvent*>(event))) break;
            event->accept();
            return true;
        case QEvent::KeyPress:
            if (wantsKey(*static_cast<QKeyEvent*>(event)) && press(*static_cast<QKeyEvent*>(event)))
                return true;
            break;
        case QEvent::KeyRelease:
            if (static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space &&
                !static_cast<QKeyEvent*>(event)->isAutoRepeat())
                state_.hand = false;
            break;
        case QEvent::FocusOut:
            state_.hand = false;
            break;
        default:
            break;
    }
    return QObject::eventFilter(watched, event);
}

bool RegionTool::wantsKey(const QKeyEvent& key) const {
    const auto modifiers = key.modifiers() & ~Qt::KeypadModifier;
    switch (key.key()) {
        case Qt::Key_Left:
        case Qt::Key_Right:
        case Qt::Key_Up:
        case Qt::Key_Down:
            return !(modifiers & (Qt::AltModifier | Qt::MetaModifier)) && state_.chosenBox >= 0;
        case Qt::Key_Tab:
        case Qt::Key_Backtab:
            return !(modifiers & ~Qt::ShiftModifier) && !boxes().empty();
        case Qt::Key_Escape:
        case Qt::Key_Space:
            return modifiers == Qt::NoModifier;
        case Qt::Key_C:
            return modifiers == Qt::ControlModifier && !boxes().empty();
        case Qt::Key_V:
            return modifiers == Qt::ControlModifier && clipboardHasText();
    }
    return false;
}

bool RegionTool::press(const QKeyEvent& key) {
    switch (key.key()) {
        case Qt::Key_Tab:
            editor_.choose(key.modifiers() & Qt::ShiftModifier ? -1 : 1);
            return true;
        case Qt::Key_Backtab:
            editor_.choose(-1);
            return true;
        case Qt::Key_Escape:
            leave();
            return true;
        case Qt::Key_Space:
            state_.hand = true;
            for (QWidget* surface : surfaces_) surface->setCursor(Qt::OpenHandCursor);
            return true;
        case Qt::Key_C:
            copy();
            return true;
        case Qt::Key_V:
            paste();
            return true;
    }
    return moveBy(key);
}

bool RegionTool::moveBy(const QKeyEvent& key) {
    const int far = key.modifiers() & Qt::ShiftModifier ? kFarNudge : 1;
    const int x = key.key() == Qt::Key_Left ? -far : key.key() == Qt::Key_Right ? far : 0;
    const int y = key.key() == Qt::Key_Up ? -far : key.key() == Qt::Key_Down ? far : 0;
    if (key.modifiers() & Qt::ControlModifier)
        editor_.change(
            tr("resize region"), [=](RegionEdit& edit) { edit.resize(x, y); },
            RegionEditor::Merge::Yes);
    else
        editor_.change(
            tr("move region by keys"), [=](RegionEdit& edit) { edit.move(x, y); },
            RegionEditor::Merge::Yes);
    return true;
}

// One thing at a time: a drag, the picked tokens, the drawing itself.
void RegionTool::leave() {
    if (editor_.edit().isDragging()) return editor_.cancelDrag();
    if (state_.pickedTokens.empty()) return setDrawing(false);
    state_.pickedTokens.clear();
    update();
}

// ---- What the menu does ----

void RegionTool::add(const Box& box) {
    editor_.change(tr("add region"), [&](RegionEdit& edit) { edit.add(box); });
}

void RegionTool::addInTheMiddle() {
    setDrawing(true);
    const auto clamped = [](float centre) { return std::clamp(double(centre), 0.125, 0.875); };
    const double x = clamped(state_.centreX), y = clamped(state_.centreY);
    add({x - 0.125, y - 0.125, x + 0.125, y + 0.125, state_.image});
}

void RegionTool::snap() {
    editor_.change(tr("snap to tokens"), [this](RegionEdit& edit) {
        Regions regions = edit.regions();
        for (int i = 0; i < static_cast<int>(regions.boxes.size()); ++i) {
            if (regions.chosen >= 0 && i != regions.chosen) continue;
            const Box from = regions.boxes[i];
            const PatchGrid on = gridOf(from.image);
            auto box = boxAround(state_.tokensOf(from, on), on);
            if (!box) continue;
            box->image = from.image;
            regions.boxes[i] = *box;
        }
        edit.setRegions(regions);
    });
}

void RegionTool::boxFromTokens() {
    auto box = boxAround(state_.pickedTokens, grid());
    state_.pickedTokens.clear();
    if (box) box->image = state_.image;
    if (box) editor_.change(tr("region from tokens"), [&](RegionEdit& edit) { edit.add(*box); });
}

void RegionTool::copy() { QGuiApplication::clipboard()->setText(toJson(boxes())); }

void RegionTool::paste() {
    try {
        const auto pasted = boxesFromJson(QGuiApplication::clipboard()->text());
        editor_.change(tr("paste regions"), [&](RegionEdit& edit) {
            for (const Box& box : pasted) edit.add(box);
        });
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
}

void RegionTool::useKnown() {
    editor_.change(tr("take the known regions"), [this](RegionEdit& edit) {
        edit.setRegions({known_, -1});
    });
}

}  // namespace lvr
