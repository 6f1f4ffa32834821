#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace lvr {

// A file that holds either what it held before or all of the pieces, one after the other: they go
// to a temporary file beside it that commit() flushes to disk and renames over it. Throws Error and
// leaves nothing behind; a target that is not a regular file (a folder, /dev/null) is refused.
class AtomicFile {
public:
    explicit AtomicFile(const std::filesystem::path& target);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    void append(std::span<const std::byte> piece);
    void commit();

private:
    std::filesystem::path target_, temporary_;
    int descriptor_ = -1;
    bool committed_ = false;
};

void writeFileAtomically(const std::filesystem::path& file,
                         const std::vector<std::span<const std::byte>>& pieces);
void writeFileAtomically(const std::filesystem::path& file, const std::string& text);

}  // namespace lvr
