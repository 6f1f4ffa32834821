#pragma once

#include <QUndoStack>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

struct RegionPoint {  // in fractions of the picture; a pointer's may lie outside 0..1
    double x = 0, y = 0;
};

struct Regions {
    std::vector<Box> boxes;               // in the order of the thought
    int chosen = -1;                      // -1: none
    std::vector<std::string> names = {};  // what each is; may be fewer
    bool operator==(const Regions&) const = default;
};

// A part of a box that the pointer can take.
struct RegionGrip {
    int box = -1;      // -1: none
    int x = 0, y = 0;  // -1: left or upper edge, 1: right or lower edge; both 0: the inside
    bool operator==(const RegionGrip&) const = default;
};

// What a pointer and keys do to boxes on a picture. Boxes stay inside it, their corners in order
// and no side shorter than a pixel.
class RegionEdit {
public:
    const Regions& regions() const { return regions_; }
    void setRegions(Regions regions);  // lets go of what is being dragged
    // Only boxes on this image are seen and taken; those on others stay as they are.
    void setImage(int image, RegionPoint pixel);  // pixel: the size of one of its

    // ---- Pointer ----
    // The chosen box's edges first, then the others', then the smallest box around the point.
    // reach: how near an edge counts as on it.
    RegionGrip gripAt(RegionPoint at, RegionPoint reach) const;
    enum class Press { OnWhatIsThere, NewBox };
    void press(RegionPoint at, RegionPoint reach, Press what = Press::OnWhatIsThere);
    void drag(RegionPoint to);
    void release();  // a press that never moved only chooses
    void cancel();   // as it was before the press
    bool isDragging() const { return drag_.has_value(); }

    // ---- Keys ----
    void add(const Box& box);  // and chooses it
    void remove();             // the chosen one
    void choose(int by);       // next or previous, around the end
    void move(int pixelsX, int pixelsY);
    void resize(int pixelsX, int pixelsY);  // the lower right corner
    void replaceChosen(const Box& box);
    // ---- List ----
    void chooseThis(int box);  // none where it is on another image
    void reorder(int from, int to);
    void removeThis(int box);
    void rename(int box, const std::string& name);

private:
    struct Drag {
        Regions before;
        RegionGrip grip;  // of no box: a new one
        RegionPoint start, reach;
        bool moved = false;
    };
    Box* chosenBox();
    bool isHere(int box) const { return regions_.boxes[box].image == image_; }
    Box tidy(Box box) const;
    void dropNames();
    void dragNew(RegionPoint to);
    void dragGrip(RegionPoint to);

    Regions regions_;
    int image_ = 0;
    RegionPoint pixel_{1e-3, 1e-3};
    std::optional<Drag> drag_;
};

// The box around visual tokens of a grid, inset a little so that its own tokens are just these
// although edges are rounded outwards. None without tokens.
std::optional<Box> boxAround(const std::vector<int>& tokens, PatchGrid grid);

struct RegionPointer;

// The boxes of one picture and everything that was done to them, to be taken back.
class RegionEditor : public QObject {
    Q_OBJECT
public:
    explicit RegionEditor(QObject* parent = nullptr);

    const Regions& regions() const { return edit_.regions(); }
    const RegionEdit& edit() const { return edit_; }
    void reset(std::vector<Box> boxes, std::vector<std::string> names = {});  // no way back
    void turnTo(int image, RegionPoint pixel);  // whose boxes are edited, with its pixel's size
    QUndoStack& history() { return history_; }

    void pointer(const RegionPointer& pointer);
    void cancelDrag();
    void choose(int by);
    void chooseThis(int box);
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
