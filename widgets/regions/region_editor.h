#pragma once

#include <QUndoStack>
#include <functional>

#include "widgets/regions/region_edit.h"

namespace lvr {

struct RegionPointer;

// The boxes of one picture and everything that was done to them, to be taken back.
class RegionEditor : public QObject {
    Q_OBJECT
public:
    explicit RegionEditor(QObject* parent = nullptr);

    const Regions& regions() const { return edit_.regions(); }
    const RegionEdit& edit() const { return edit_; }
    void reset(std::vector<Box> boxes);         // nothing to take back
    void turnTo(int image, RegionPoint pixel);  // whose boxes are edited, with its pixel's size
    QUndoStack& history() { return history_; }

    void pointer(const RegionPointer& pointer);
    void cancelDrag();
    void choose(int by);
    // One step to take back. Steps of the same name on the same box in a row are one, if `merges`.
    enum class Merge { No, Yes };
    void change(const QString& name, const std::function<void(RegionEdit&)>& how,
                Merge merge = Merge::No);

Q_SIGNALS:
    void changed();

private:
    class Step;
    void remember(const QString& name, const Regions& before, Merge merge);

    RegionEdit edit_;
    Regions beforeDrag_;
    QUndoStack history_;
};

}  // namespace lvr
