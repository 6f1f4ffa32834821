#pragma once

#include <QList>
#include <QObject>
#include <QSize>

#include "widgets/latent/latent_state.h"
#include "widgets/regions/region_actions.h"
#include "widgets/regions/region_editor.h"

class QKeyEvent;

namespace lvr {

class RegionList;

// Drawing regions on the images of a latent view, each on the one that is shown, whichever surface
// shows it: what the menu
// offers, what mouse and keys do, and what of it the view is told. Knows no model: tokens come from
// the state's tokensOf.
class RegionTool : public QObject {
    Q_OBJECT
public:
    // The state stays the caller's and must outlive the tool. Shortcuts work inside `panel`.
    RegionTool(LatentViewState& state, QWidget* panel);

    void watch(QWidget* surface);                 // where the picture is seen, and keys are pressed
    void showPictures(std::vector<QSize> sizes);  // others than before: their boxes are gone
    void turnTo(int image);                       // the one that is shown now
    // Nothing to take back.
    void setBoxes(std::vector<Box> boxes, std::vector<std::string> names = {});
    void add(const Box& box);                     // as if it had been drawn
    void setGrids(std::vector<PatchGrid> grids);  // of each picture; empty: not known
    void setKnown(std::vector<Box> rois);
    void setThoughtAllowed(bool allowed);  // whether somebody can use it now

    const std::vector<Box>& boxes() const { return editor_.regions().boxes; }
    const std::vector<std::string>& names() const { return editor_.regions().names; }
    RegionList* list() const { return list_; }  // to be put somewhere
    QString summary() const;                    // "2 regions, 7 tokens"
    const RegionActions& actions() const { return actions_; }

Q_SIGNALS:
    void changed();       // draw again
    void boxesChanged();  // of them something is different now
    void drawingChanged(bool drawing);
    void thoughtWanted();
    void recordWanted();
    void failed(const QString& sentence);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void wire();
    void wireList();
    void showInList();
    void setDrawing(bool drawing);
    void point(const RegionPointer& pointer);
    void pick(const RegionPointer& pointer);
    void showCursor(const RegionPointer& pointer);
    bool wantsKey(const QKeyEvent& key) const;
    bool press(const QKeyEvent& key);
    bool moveBy(const QKeyEvent& key);
    void leave();
    void update();

    void addInTheMiddle();
    void snap();
    void boxFromTokens();
    void copy();
    void paste();
    void useKnown();

    PatchGrid gridOf(int image) const;
    PatchGrid grid() const { return gridOf(state_.image); }
    std::size_t tokensOf(const Box& box) const;

    LatentViewState& state_;
    RegionEditor editor_;
    RegionActions actions_;
    QList<QWidget*> surfaces_;
    std::vector<QSize> sizes_;
    std::vector<PatchGrid> grids_;
    std::vector<Box> known_;
    std::vector<Box> announced_;
    std::vector<std::string> announcedNames_;
    std::vector<Box> hidden_;
    RegionList* list_;
    bool thoughtAllowed_ = false;
    enum class Mouse { Up, OnBoxes, OnTokens } mouse_ = Mouse::Up;
    bool picks_ = true;  // what a Ctrl+drag does to the tokens it meets
};

}  // namespace lvr
