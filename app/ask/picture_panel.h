#pragma once

#include <QJsonObject>
#include <QTimer>
#include <QWidget>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/values/trace.h"
#include "widgets/job.h"
#include "widgets/latent/latent_view.h"

class QAction;

namespace lvr {

class ImGuiCanvas;
class PlainView;
class RegionBar;
class RegionTool;

// The picture and its latent steps: the Dear ImGui panel, or a plain painted view where OpenGL does
// not work. Arrow keys move through the steps, space plays them.
class PicturePanel : public QWidget {
    Q_OBJECT
public:
    // The trace stays the window's; the panel reads it whenever it draws.
    explicit PicturePanel(const Trace& trace, QWidget* parent = nullptr);
    ~PicturePanel() override;

    void pictureChanged();  // another picture is in the trace
    void stepsChanged();    // steps were added or taken away; follows the newest while it is shown
    void selectStep(int step);
    int selectedStep() const { return state_.selectedStep; }
    const LatentViewState& view() const { return state_; }  // how it is looked at
    // Takes the way of looking from the settings, and keeps it there whenever it changes.
    void rememberView();
    void play();  // once, from the first step
    void pause();
    bool isPlaying() const { return state_.playing; }
    const QString& noOpenGl() const { return noOpenGl_; }  // empty: the ImGui panel runs

    const ViewRect& pictureRect() const { return state_.picture; }  // in the focus proxy
    void showTargets(const std::vector<Box>& targets);  // what the question's author knows
    RegionTool& regions() const { return *regions_; }   // what the person draws on the first image

    QList<QAction*> stepActions() const { return stepActions_; }
    QList<QAction*> viewActions() const { return viewActions_; }
    QList<QAction*> modeActions() const { return modeActions_; }  // what the heat shows

Q_SIGNALS:
    void stepSelected(int step);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void placeRegionBar();
    void changeSpeed(int by);  // among kSpeeds
    void makeHeatActions();
    void showImage(int index);
    bool hasToClose() const;
    void close();
    void peek(bool peeks);
    void makeRegions(QWidget* surface);
    void makeStepActions();
    void makeViewActions();
    void addStepAction(const QString& name, const QString& text, Qt::Key key,
                       const std::function<void()>& act);
    void addToggle(const QString& name, const QString& text, bool LatentViewState::*member);
    void redraw();
    void showChoices();
    int count() const;
    void moveBy(int steps);
    void togglePlay();
    void startPlayer();
    void advance();
    void keepView();
    void announce();  // what the panel changed in state_ by itself

    const Trace& trace_;
    LatentViewState state_;
    int announced_ = -1;
    int lastCount_ = 0;
    int lastImage_ = 0;
    QString noOpenGl_;
    std::optional<QJsonObject> keptView_;  // absent: it is not remembered
    ImGuiCanvas* canvas_ = nullptr;
    PlainView* plain_ = nullptr;
    RegionTool* regions_ = nullptr;
    RegionBar* regionBar_ = nullptr;
    QTimer player_, viewSettles_;
    Job pictures_;  // that are shrunk
    QList<QAction*> stepActions_, viewActions_, modeActions_;
    std::vector<std::pair<QAction*, bool LatentViewState::*>> toggles_;
};

}  // namespace lvr
