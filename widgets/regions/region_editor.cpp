#include "widgets/regions/region_editor.h"

#include <QUndoCommand>
#include <utility>

#include "widgets/latent/latent_state.h"

namespace lvr {

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

void RegionEditor::reset(std::vector<Box> boxes) {
    edit_.setRegions({std::move(boxes), -1});
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
    if (before.boxes != regions().boxes) history_.push(new Step(*this, name, before, merge));
}

}  // namespace lvr
