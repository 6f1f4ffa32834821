#include "app/train/estimate_label.h"

#include <QDateTime>
#include <QFileInfo>

#include "app/train/run_estimate.h"
#include "widgets/background.h"

namespace lvr {
namespace {

constexpr int kSoonMs = 250;  // after the last letter

struct Seen {
    std::int64_t parameters = 0;
    RunEstimate estimate;
    QString counted;
    double records = 0;
};

// What the number of records depends on, as far as the form knows.
QString dataOf(const NewRun& run) {
    auto text = run.imageRoot;
    for (const auto& path : pathsIn(run.data)) {
        const QFileInfo file(path);
        text += '\n' + path + QString::number(file.size()) +
                file.lastModified().toString(Qt::ISODateWithMs);
    }
    return text;
}

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
    const auto work = [run = run_, store = store_, counted = counted_,
                       before = records_]() -> std::optional<Seen> {
        const auto model = readModelFacts(run.model);
        if (!model) return std::nullopt;
        const auto data = dataOf(run);
        const double records = data == counted ? before : recordsIn(run);
        return Seen{static_cast<std::int64_t>(model->parameters),
                    estimateRun(run, *model, earlierRun(run, store), records), data, records};
    };
    inBackground(this, work, [this, asked = newest_](const std::optional<Seen>& seen) {
        if (seen) {
            counted_ = seen->counted;
            records_ = seen->records;
        }
        if (asked != newest_) return;
        setText(seen ? toText(seen->estimate) : QString());
        setToolTip(seen ? explain(seen->estimate) : QString());
        if (seen) Q_EMIT modelSized(seen->parameters);
    });
}

}  // namespace lvr
