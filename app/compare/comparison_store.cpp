#include "app/compare/comparison_store.h"

#include <algorithm>
#include <utility>

#include "core/eval/kept_comparison.h"
#include "core/store/run_store.h"
#include "widgets/job.h"

namespace lvr {
namespace {

bool isThere(const std::filesystem::path& store) {
    std::error_code unknown;
    return !store.empty() && std::filesystem::exists(store, unknown);
}

}  // namespace

KeptComparisons::KeptComparisons(std::filesystem::path store, QObject* parent)
    : QObject(parent), store_(std::move(store)), job_(new Job(this)) {}

void KeptComparisons::list() {
    job_->add(
        [store = store_] {
            return isThere(store) ? listComparisons(RunStore(store, RunStore::Access::Read))
                                  : std::vector<ComparisonSummary>();
        },
        [this](const std::vector<ComparisonSummary>& all) { Q_EMIT listed(all); },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void KeptComparisons::read(std::int64_t run) {
    job_->add([store = store_,
               run] { return readComparison(RunStore(store, RunStore::Access::Read), run); },
              [this](const Comparison& comparison) { Q_EMIT found(comparison); },
              [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void KeptComparisons::remove(std::int64_t run) {
    job_->add([store = store_, run] { RunStore(store).remove(run); }, [this] { list(); },
              [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
