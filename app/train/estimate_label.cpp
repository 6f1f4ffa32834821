#include "app/train/estimate_label.h"

#include "app/train/run_estimate.h"
#include "widgets/background.h"

namespace lvr {
namespace {

constexpr int kSoonMs = 250;  // after the last letter

}  // namespace

EstimateLabel::EstimateLabel(const QString& store, QWidget* parent)
    : QLabel(parent), store_(store) {
    setWordWrap(true);
    setAccessibleName(tr("Estimate of memory and time"));
    setForegroundRole(QPalette::PlaceholderText);
    soon_.setSingleShot(true);
    soon_.setInterval(kSoonMs);
    connect(&soon_, &QTimer::timeout, this, &EstimateLabel::look);
}

void EstimateLabel::showFor(const NewRun& run) {
    run_ = run;
    ++newest_;
    soon_.start();
}

void EstimateLabel::look() {
    const auto work = [run = run_, store = store_]() -> std::optional<RunEstimate> {
        const auto model = readModelFacts(run.model);
        if (!model) return std::nullopt;
        return estimateRun(run, *model, earlierRun(run, store));
    };
    inBackground(this, work, [this, asked = newest_](const std::optional<RunEstimate>& estimate) {
        if (asked != newest_) return;
        setText(estimate ? toText(*estimate) : QString());
        setToolTip(estimate ? explain(*estimate) : QString());
    });
}

}  // namespace lvr
