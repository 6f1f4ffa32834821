#include "core/checkpoint/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void failToWrite(const fs::path& file, const std::string& reason) {
    throw Error("cannot write " + file.string() + ": " + reason +
                "; choose another place or make room");
}

std::string reasonOf(int errorNumber) { return std::generic_category().message(errorNumber); }

fs::path folderOf(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// Removes itself unless it was committed.
class TemporaryFile {
public:
    explicit TemporaryFile(const fs::path& target) : target_(target) {
        // O_EXCL instead of mkstemp: the file gets the permissions that the umask asks for.
        for (int attempt = 0; descriptor_ < 0 && attempt < 1000; ++attempt) {
            path_ = folderOf(target) / ("." + target.filename().string() + ".tmp-" +
                                        std::to_string(::getpid()) + "-" + std::to_string(attempt));
            descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (descriptor_ < 0 && errno != EEXIST) break;
        }
        if (descriptor_ < 0) failToWrite(target, reasonOf(errno));
    }
    ~TemporaryFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!committed_) ::unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void append(std::span<const std::byte> piece) {
        while (!piece.empty()) {
            const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) failToWrite(target_, reasonOf(errno));
            piece = piece.subspan(static_cast<std::size_t>(written));
        }
    }

    void commit() {
        if (::fsync(descriptor_) != 0) failToWrite(target_, reasonOf(errno));
        if (::close(std::exchange(descriptor_, -1)) != 0) failToWrite(target_, reasonOf(errno));
        if (::rename(path_.c_str(), target_.c_str()) != 0) failToWrite(target_, reasonOf(errno));
        committed_ = true;
    }

private:
    fs::path target_;
    fs::path path_;
    int descriptor_ = -1;
    bool committed_ = false;
};

// Without it the rename itself may be lost in a power cut. Some network file systems refuse to
// flush a folder (EINVAL); the file is complete all the same.
void flushFolder(const fs::path& file) {
    const int folder = ::open(folderOf(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    ::fsync(folder);
    ::close(folder);
}

}  // namespace

void writeFileAtomically(const fs::path& file,
                         const std::vector<std::span<const std::byte>>& pieces) {
    std::error_code ignored;
    const auto status = fs::status(file, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status))
        failToWrite(file, "it exists and is not a regular file");
    if (!file.has_filename()) failToWrite(file, "it has no file name");
    TemporaryFile temporary(file);
    for (const auto& piece : pieces) temporary.append(piece);
    temporary.commit();
    flushFolder(file);
}

void writeFileAtomically(const fs::path& file, const std::string& text) {
    writeFileAtomically(file, {std::as_bytes(std::span(text))});
}

}  // namespace lvr
