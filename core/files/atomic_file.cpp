#include "core/files/atomic_file.h"

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

// Without it the rename itself may be lost in a power cut. Some network file systems refuse to
// flush a folder (EINVAL); the file is complete all the same.
void flushFolder(const fs::path& file) {
    const int folder = ::open(folderOf(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    ::fsync(folder);
    ::close(folder);
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& target) : target_(target) {
    std::error_code ignored;
    const auto status = fs::status(target, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status))
        failToWrite(target, "it exists and is not a regular file");
    if (!target.has_filename()) failToWrite(target, "it has no file name");
    // O_EXCL instead of mkstemp: the file gets the permissions that the umask asks for.
    for (int attempt = 0; descriptor_ < 0 && attempt < 1000; ++attempt) {
        temporary_ =
            folderOf(target) / ("." + target.filename().string() + ".tmp-" +
                                std::to_string(::getpid()) + "-" + std::to_string(attempt));
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ < 0 && errno != EEXIST) break;
    }
    if (descriptor_ < 0) failToWrite(target, reasonOf(errno));
}

AtomicFile::~AtomicFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::append(std::span<const std::byte> piece) {
    while (!piece.empty()) {
        const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) failToWrite(target_, reasonOf(errno));
        piece = piece.subspan(static_cast<std::size_t>(written));
    }
}

void AtomicFile::commit() {
    if (::fsync(descriptor_) != 0) failToWrite(target_, reasonOf(errno));
    if (::close(std::exchange(descriptor_, -1)) != 0) failToWrite(target_, reasonOf(errno));
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) failToWrite(target_, reasonOf(errno));
    committed_ = true;
    flushFolder(target_);
}

void writeFileAtomically(const fs::path& file,
                         const std::vector<std::span<const std::byte>>& pieces) {
    AtomicFile whole(file);
    for (const auto& piece : pieces) whole.append(piece);
    whole.commit();
}

void writeFileAtomically(const fs::path& file, const std::string& text) {
    writeFileAtomically(file, {std::as_bytes(std::span(text))});
}

}  // namespace lvr
