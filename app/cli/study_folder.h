#pragma once

#include "app/cli/study.h"

namespace lvr {

// The folder of a study, which no other study writes to as long as this lives. It remembers what
// its results depend on; more seeds may be added. Throws UsageError and Error, see runStudy.
class StudyFolder {
public:
    explicit StudyFolder(const Study& study);
    ~StudyFolder();
    StudyFolder(const StudyFolder&) = delete;
    StudyFolder& operator=(const StudyFolder&) = delete;

private:
    int lock_ = -1;  // ends with the process, however that ends
};

}  // namespace lvr
