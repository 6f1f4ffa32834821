#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace lvr {

// What keeps a training from writing pauses it and loses nothing: it waits and tries again. Each
// says why on stderr once, and that it goes on, and throws Cancelled when stopped, and what `write`
// throws for another reason.

// Bytes that can be written where `path` lies or will lie; the largest number when unknown.
std::uintmax_t freeSpace(const std::filesystem::path& path);
// Does `write`, which needs about `bytes` where `path` lies, when they are there; again when it
// fails for want of them. onPause is told why, and nothing when it goes on.
void whenThereIsSpace(
    const std::filesystem::path& path, std::uintmax_t bytes, const std::stop_token& stop,
    const std::function<void()>& write,
    const std::function<void(const std::string& why)>& onPause = [](const std::string&) {});
// Does `write`; again when it throws StoreIsLocked.
void whenUnlocked(const std::stop_token& stop, const std::function<void()>& write);

}  // namespace lvr
