#pragma once

#include <QTabWidget>

#include "core/values/causal.h"

namespace lvr {

class EarlyAnswers;
class FigureView;
class LatentMap;
class StepMatrix;
class StepTable;

// What the latents of one question are, a page each: early answers, neighbours, influence, cosine,
// the map. A step that is chosen in one is chosen in all.
class PanelLooks : public QTabWidget {
    Q_OBJECT
public:
    explicit PanelLooks(QWidget* parent = nullptr);

    void setPicture(const QImage& picture, PatchGrid grid);
    void show(const CausalPanel& panel);
    using QTabWidget::show;
    void clear(const QString& why);  // what stands where there is nothing
    void setEmptyText(const QString& text);
    void lightToken(int token);               // on the map
    const FigureView* figureInFront() const;  // null: a table is

Q_SIGNALS:
    void stepChosen(int step);       // -1: before the first
    void tokenPointedAt(int token);  // -1: none any more

private:
    void choose(int step);

    EarlyAnswers* early_;
    StepTable* steps_;
    StepMatrix* influence_;
    StepMatrix* cosine_;
    LatentMap* map_;
};

}  // namespace lvr
