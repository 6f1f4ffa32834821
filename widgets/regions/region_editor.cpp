#include "widgets/regions/region_editor.h"

#include <QUndoCommand>
#include <algorithm>
#include <cmath>
#include <utility>

#include "widgets/latent/latent_state.h"

namespace lvr {
namespace {

// On which edge of [low, high] a coordinate lies: -1, 1, or 0 for neither. Inside, an edge reaches
// no further than a third of the side, so that small boxes can still be moved.
int edgeAt(double at, double low, double high, double reach) {
    const double inwards = std::min(reach, (high - low) / 3);
    const auto on = [&](double edge, double inside) {
        return inside >= 0 ? inside <= inwards : std::abs(at - edge) <= reach;
    };
    const bool onLow = on(low, at - low), onHigh = on(high, high - at);
    if (onLow && onHigh) return at - low < high - at ? -1 : 1;
    return onLow ? -1 : onHigh ? 1 : 0;
}

bool contains(const Box& box, RegionPoint at) {
    return at.x >= box.x0 && at.x <= box.x1 && at.y >= box.y0 && at.y <= box.y1;
}

bool isNear(const Box& box, RegionPoint at, RegionPoint reach) {
    return at.x >= box.x0 - reach.x && at.x <= box.x1 + reach.x && at.y >= box.y0 - reach.y &&
           at.y <= box.y1 + reach.y;
}

std::optional<RegionGrip> edgeGrip(const std::vector<Box>& boxes, int index, RegionPoint at,
                                   RegionPoint reach) {
    const Box& box = boxes[index];
    if (!isNear(box, at, reach)) return std::nullopt;
    const RegionGrip grip{index, edgeAt(at.x, box.x0, box.x1, reach.x),
                          edgeAt(at.y, box.y0, box.y1, reach.y)};
    return grip.x || grip.y ? std::optional(grip) : std::nullopt;
}

double area(const Box& box) { return (box.x1 - box.x0) * (box.y1 - box.y0); }

// [low, high] in order, inside 0..1 and at least `least` long.
void tidySide(double& low, double& high, double least) {
    low = std::clamp(low, 0.0, 1.0);
    high = std::clamp(high, 0.0, 1.0);
    if (low > high) std::swap(low, high);
    if (high - low >= least) return;
    low = std::min(low, 1 - least);
    high = low + least;
}

void shift(double& low, double& high, double by) {
    by = std::clamp(by, -low, 1 - high);
    low += by;
    high += by;
}

}  // namespace

void RegionEdit::setRegions(Regions regions) {
    drag_.reset();
    regions_ = std::move(regions);
    regions_.chosen = std::clamp(regions_.chosen, -1, static_cast<int>(regions_.boxes.size()) - 1);
    if (regions_.chosen >= 0 && !isHere(regions_.chosen)) regions_.chosen = -1;
    for (Box& box : regions_.boxes) box = tidy(box);
    dropNames();
}

// Of what is not there, and empty ones at the end, so that equal regions are equal.
void RegionEdit::dropNames() {
    auto& names = regions_.names;
    names.resize(std::min(names.size(), regions_.boxes.size()));
    while (!names.empty() && names.back().empty()) names.pop_back();
}

void RegionEdit::setImage(int image, RegionPoint pixel) {
    image_ = image;
    pixel_ = pixel;
    setRegions(regions_);
}

Box RegionEdit::tidy(Box box) const {
    tidySide(box.x0, box.x1, pixel_.x);
    tidySide(box.y0, box.y1, pixel_.y);
    return box;
}

Box* RegionEdit::chosenBox() {
    return regions_.chosen < 0 ? nullptr : &regions_.boxes[regions_.chosen];
}

// ---- Pointer ----

RegionGrip RegionEdit::gripAt(RegionPoint at, RegionPoint reach) const {
    const auto& boxes = regions_.boxes;
    if (regions_.chosen >= 0)
        if (const auto grip = edgeGrip(boxes, regions_.chosen, at, reach)) return *grip;
    for (int i = static_cast<int>(boxes.size()) - 1; i >= 0; --i)
        if (const auto grip = edgeGrip(boxes, i, at, reach); grip && isHere(i)) return *grip;
    RegionGrip inside;
    for (int i = 0; i < static_cast<int>(boxes.size()); ++i)
        if (isHere(i) && contains(boxes[i], at) &&
            (inside.box < 0 || area(boxes[i]) <= area(boxes[inside.box])))
            inside.box = i;
    return inside;
}

void RegionEdit::press(RegionPoint at, RegionPoint reach, Press what) {
    cancel();
    drag_ = Drag{.before = regions_, .start = at, .reach = reach};
    if (what == Press::OnWhatIsThere) drag_->grip = gripAt(at, reach);
    regions_.chosen = drag_->grip.box;
}

void RegionEdit::drag(RegionPoint to) {
    if (!drag_) return;
    const RegionPoint& start = drag_->start;
    drag_->moved |= std::abs(to.x - start.x) > drag_->reach.x / 2 ||
                    std::abs(to.y - start.y) > drag_->reach.y / 2;
    if (!drag_->moved) return;
    drag_->grip.box < 0 ? dragNew(to) : dragGrip(to);
}

void RegionEdit::dragNew(RegionPoint to) {
    regions_.boxes = drag_->before.boxes;
    regions_.boxes.push_back(tidy({drag_->start.x, drag_->start.y, to.x, to.y, image_}));
    regions_.chosen = static_cast<int>(regions_.boxes.size()) - 1;
}

// Always from where the box was, so that nothing is lost at the picture's edge.
void RegionEdit::dragGrip(RegionPoint to) {
    const RegionGrip grip = drag_->grip;
    const double x = to.x - drag_->start.x, y = to.y - drag_->start.y;
    Box box = drag_->before.boxes[grip.box];
    if (grip.x == 0 && grip.y == 0) {
        shift(box.x0, box.x1, x);
        shift(box.y0, box.y1, y);
    }
    if (grip.x != 0) (grip.x < 0 ? box.x0 : box.x1) += x;
    if (grip.y != 0) (grip.y < 0 ? box.y0 : box.y1) += y;
    regions_.boxes[grip.box] = tidy(box);
}

void RegionEdit::release() { drag_.reset(); }

void RegionEdit::cancel() {
    if (drag_) regions_ = std::move(drag_->before);
    drag_.reset();
}

// ---- Keys ----

void RegionEdit::add(const Box& box) {
    regions_.boxes.push_back(tidy(box));
    regions_.chosen = box.image == image_ ? static_cast<int>(regions_.boxes.size()) - 1 : -1;
}

void RegionEdit::remove() {
    if (regions_.chosen < 0) return;
    regions_.boxes.erase(regions_.boxes.begin() + regions_.chosen);
    if (regions_.chosen < std::ssize(regions_.names))
        regions_.names.erase(regions_.names.begin() + regions_.chosen);
    dropNames();
    regions_.chosen = std::min(regions_.chosen, static_cast<int>(regions_.boxes.size()) - 1);
    if (regions_.chosen >= 0 && !isHere(regions_.chosen)) choose(-1);
}

void RegionEdit::choose(int by) {
    std::vector<int> here;
    for (int i = 0; i < static_cast<int>(regions_.boxes.size()); ++i)
        if (isHere(i)) here.push_back(i);
    const int count = static_cast<int>(here.size());
    const auto chosen = std::find(here.begin(), here.end(), regions_.chosen);
    regions_.chosen = -1;
    if (count == 0) return;
    const int from = chosen != here.end() ? static_cast<int>(chosen - here.begin())
                     : by > 0             ? -1
                                          : count;
    regions_.chosen = here[((from + by) % count + count) % count];
}

void RegionEdit::move(int pixelsX, int pixelsY) {
    Box* box = chosenBox();
    if (!box) return;
    shift(box->x0, box->x1, pixelsX * pixel_.x);
    shift(box->y0, box->y1, pixelsY * pixel_.y);
}

void RegionEdit::resize(int pixelsX, int pixelsY) {
    Box* box = chosenBox();
    if (!box) return;
    box->x1 = std::clamp(box->x1 + pixelsX * pixel_.x, box->x0 + pixel_.x, 1.0);
    box->y1 = std::clamp(box->y1 + pixelsY * pixel_.y, box->y0 + pixel_.y, 1.0);
}

void RegionEdit::replaceChosen(const Box& box) {
    if (Box* chosen = chosenBox()) *chosen = tidy(box);
}

// ---- List ----

void RegionEdit::chooseThis(int box) {
    const bool isThere = box >= 0 && box < std::ssize(regions_.boxes) && isHere(box);
    regions_.chosen = isThere ? box : -1;
}

void RegionEdit::reorder(int from, int to) {
    const auto count = static_cast<int>(regions_.boxes.size());
    if (from < 0 || to < 0 || from >= count || to >= count) return;
    regions_.names.resize(count);
    const auto turn = [&](auto& list) {
        const auto first = list.begin() + std::min(from, to),
                   last = list.begin() + std::max(from, to);
        from < to ? std::rotate(first, first + 1, last + 1) : std::rotate(first, last, last + 1);
    };
    turn(regions_.boxes);
    turn(regions_.names);
    dropNames();
    chooseThis(to);
}

void RegionEdit::removeThis(int box) {
    if (box < 0 || box >= std::ssize(regions_.boxes)) return;
    regions_.chosen = box;
    remove();
}

void RegionEdit::rename(int box, const std::string& name) {
    if (box < 0 || box >= std::ssize(regions_.boxes)) return;
    regions_.names.resize(regions_.boxes.size());
    regions_.names[box] = name;
    dropNames();
}

std::optional<Box> boxAround(const std::vector<int>& tokens, PatchGrid grid) {
    if (tokens.empty() || grid.count() < 1) return std::nullopt;
    int left = grid.cols, right = 0, top = grid.rows, bottom = 0;
    for (const int token : tokens) {
        left = std::min(left, token % grid.cols);
        right = std::max(right, token % grid.cols + 1);
        top = std::min(top, token / grid.cols);
        bottom = std::max(bottom, token / grid.cols + 1);
    }
    constexpr double kInset = 1.0 / 64;  // of a token
    return Box{(left + kInset) / grid.cols, (top + kInset) / grid.rows,
               (right - kInset) / grid.cols, (bottom - kInset) / grid.rows};
}

// Boxes are few and small: a step holds all of them, before and after.
class RegionEditor::Step : public QUndoCommand {
public:
    Step(RegionEditor& editor, const QString& name, Regions before, Merge merge)
        : QUndoCommand(name),
          editor_(editor),
          before_(std::move(before)),
          after_(editor.regions()),
          merge_(merge) {}

    void undo() override { show(before_); }
    void redo() override { show(after_); }
    int id() const override { return merge_ == Merge::Yes ? 1 : -1; }
    bool mergeWith(const QUndoCommand* newer) override {
        const auto* step = static_cast<const Step*>(newer);
        if (step->text() != text() || step->before_ != after_) return false;
        after_ = step->after_;
        return true;
    }

private:
    void show(const Regions& regions) {
        if (editor_.regions() == regions) return;  // a redo that is the doing
        editor_.edit_.setRegions(regions);
        Q_EMIT editor_.changed();
    }

    RegionEditor& editor_;
    Regions before_, after_;
    Merge merge_;
};

RegionEditor::RegionEditor(QObject* parent) : QObject(parent) {}

void RegionEditor::reset(std::vector<Box> boxes, std::vector<std::string> names) {
    edit_.setRegions({std::move(boxes), -1, std::move(names)});
    history_.clear();
    Q_EMIT changed();
}

void RegionEditor::turnTo(int image, RegionPoint pixel) {
    edit_.cancel();
    edit_.setImage(image, pixel);
    Q_EMIT changed();
}

void RegionEditor::pointer(const RegionPointer& pointer) {
    const RegionPoint at{pointer.x, pointer.y}, reach{pointer.reachX, pointer.reachY};
    switch (pointer.phase) {
        case RegionPointer::Phase::Hover:
            return;
        case RegionPointer::Phase::Press:
            beforeDrag_ = regions();
            edit_.press(
                at, reach,
                pointer.fresh ? RegionEdit::Press::NewBox : RegionEdit::Press::OnWhatIsThere);
            break;
        case RegionPointer::Phase::Drag:
            edit_.drag(at);
            break;
        case RegionPointer::Phase::Release:
            if (!edit_.isDragging()) return;
            edit_.drag(at);
            edit_.release();
            remember(regions().boxes.size() > beforeDrag_.boxes.size() ? tr("draw region")
                                                                       : tr("move region"),
                     beforeDrag_, Merge::No);
            break;
    }
    Q_EMIT changed();
}

void RegionEditor::cancelDrag() {
    edit_.cancel();
    Q_EMIT changed();
}

void RegionEditor::choose(int by) {
    cancelDrag();
    edit_.choose(by);
    Q_EMIT changed();
}

void RegionEditor::chooseThis(int box) {
    cancelDrag();
    edit_.chooseThis(box);
    Q_EMIT changed();
}

void RegionEditor::change(const QString& name, const std::function<void(RegionEdit&)>& how,
                          Merge merge) {
    edit_.cancel();
    const Regions before = regions();
    how(edit_);
    remember(name, before, merge);
    Q_EMIT changed();
}

// What was only chosen is no step.
void RegionEditor::remember(const QString& name, const Regions& before, Merge merge) {
    const bool isOther = before.boxes != regions().boxes || before.names != regions().names;
    if (isOther) history_.push(new Step(*this, name, before, merge));
}

}  // namespace lvr
