#pragma once

#include <QObject>
#include <filesystem>
#include <vector>

#include "core/values/comparison.h"

namespace lvr {

class Job;

// The comparisons of the run store, read and deleted away from the GUI thread. Every signal comes
// on the GUI thread.
class KeptComparisons : public QObject {
    Q_OBJECT
public:
    // store: need not be there yet; empty: nothing is kept.
    explicit KeptComparisons(std::filesystem::path store, QObject* parent = nullptr);

    void list();
    void read(std::int64_t run);
    void remove(std::int64_t run);  // listed() follows

Q_SIGNALS:
    void listed(const std::vector<lvr::ComparisonSummary>& comparisons);
    void found(const lvr::Comparison& comparison);
    void failed(const QString& sentence);

private:
    const std::filesystem::path store_;
    Job* job_;
};

}  // namespace lvr
