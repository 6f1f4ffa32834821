#include "app/compare/kept_comparisons.h"

#include <utility>

#include "app/compare/background.h"
#include "core/eval/kept_comparison.h"
#include "core/store/run_store.h"

namespace lvr {

KeptComparisons::KeptComparisons(std::filesystem::path store, QObject* parent)
    : QObject(parent), store_(std::move(store)), files_(new Background(this)) {}

// Any thread.
bool KeptComparisons::isThere() const {
    std::error_code unknown;
    return !store_.empty() && std::filesystem::exists(store_, unknown);
}

void KeptComparisons::list() {
    files_->run(
        [this]() -> Background::Report {
            std::vector<ComparisonSummary> all;
            if (isThere()) all = listComparisons(RunStore(store_, RunStore::Access::Read));
            return [this, all = std::move(all)] { Q_EMIT listed(all); };
        },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void KeptComparisons::read(std::int64_t run) {
    files_->run(
        [this, run]() -> Background::Report {
            auto comparison = readComparison(RunStore(store_, RunStore::Access::Read), run);
            return [this, comparison = std::move(comparison)] { Q_EMIT found(comparison); };
        },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

void KeptComparisons::remove(std::int64_t run) {
    files_->run(
        [this, run]() -> Background::Report {
            RunStore(store_).remove(run);
            return [this] { list(); };
        },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
