#include "tests/ui_bench/ui_bench.h"

#include <QJsonArray>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "app/runs/train_workspace.h"
#include "tests/ui_bench/bench_scene.h"
#include "tests/ui_bench/timed_application.h"
#include "widgets/imgui_backend.h"
#include "widgets/imgui_canvas.h"
#include "widgets/latent/latent_view.h"

namespace lvr {
namespace {

constexpr int kFrameMs = 16;
constexpr int kTicksPerStep = 6;    // of the thought that plays
constexpr int kSettleMs = 1500;     // after all is loaded, before it counts
constexpr int kPatienceMs = 60000;  // until something is wrong
const QString kMetric = "loss/total";

QJsonObject summaryOf(std::vector<double> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
        return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    return {{"count", static_cast<int>(values.size())},
            {"median", at(0.5)},
            {"p99", at(0.99)},
            {"max", values.back()}};
}

}  // namespace

UiBench::UiBench(TimedApplication& application, const QString& store)
    : application_(application),
      store_(store),
      trace_(longThought()),
      canvas_(new ImGuiCanvas(
          [this](const PanelTextures& textures) { drawLatentView(trace_, textures, state_); },
          this)) {
    resize(1280, 960);
    canvas_->setPicture(trace_.question.images.front());
    state_.selectedStep = 0;
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(canvas_, 2);
    look_.setInterval(1);
    play_.setTimerType(Qt::PreciseTimer);
    play_.setInterval(kFrameMs);
    connect(&play_, &QTimer::timeout, this, &UiBench::playOn);
}

void UiBench::show() {
    workspace_ = new TrainWorkspace({.store = store_}, this);
    static_cast<QVBoxLayout*>(layout())->addWidget(workspace_, 3);
    QWidget::show();
    table_ = workspace_->findChild<QTableView*>();
}

void UiBench::measureOpening(int runs, int lastStep) {
    runs_ = runs;
    lastStep_ = lastStep;
    QWidget::show();
    QTimer::singleShot(kSettleMs, this, [this] {
        clock_.start();
        show();
        QTimer::singleShot(kPatienceMs, this, [this] { Q_EMIT finished({}); });
        connect(&application_, &TimedApplication::framePainted, this, &UiBench::lookWhatIsShown);
    });
}

// After each picture: what it shows for the first time.
void UiBench::lookWhatIsShown() {
    const auto told = [this](const char* what) {
        if (measured_.contains(what)) return false;
        measured_[what] = milliseconds();
        return true;
    };
    if (table_->isVisible() && table_->model()->rowCount() == runs_) told("runs_ms");
    const int drawn = curvesUpTo(*workspace_, kMetric, lastStep_);
    if (drawn > 0 && told("newest_curves_ms")) table_->selectAll();
    if (drawn == runs_ && told("all_curves_ms")) Q_EMIT finished(measured_);
}

void UiBench::measureFrames(int runs, int lastStep, int seconds) {
    runs_ = runs;
    lastStep_ = lastStep;
    seconds_ = seconds;
    clock_.start();
    show();
    connect(&look_, &QTimer::timeout, this, [this] {
        if (clock_.elapsed() > kPatienceMs) return Q_EMIT finished({});
        if (table_->model()->rowCount() < runs_) return;
        if (table_->selectionModel()->selectedRows().size() < runs_) return table_->selectAll();
        // All of them, of which one has just begun.
        if (curvesUpTo(*workspace_, kMetric, lastStep_) < runs_ - 1) return;
        if (curvesUpTo(*workspace_, kMetric, 1) < runs_) return;
        look_.stop();
        QTimer::singleShot(kSettleMs, this, [this] {
            play_.start();
            application_.startMeasuring();
            QTimer::singleShot(seconds_ * 1000, this, &UiBench::report);
        });
    });
    look_.start();
}

void UiBench::playOn() {
    if (++tick_ % kTicksPerStep == 0) state_.selectedStep = (state_.selectedStep + 1) % 16;
    canvas_->redraw(1);
}

void UiBench::report() {
    Q_EMIT finished({{"frame_ms", summaryOf(application_.frames())},
                     {"gap_ms", summaryOf(application_.gaps())},
                     {"renderer", OffscreenGl().renderer()}});
}

}  // namespace lvr
