#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

namespace lvr {

// Bytes that can be written where `path` lies or will lie; the largest number when unknown.
std::uintmax_t freeSpace(const std::filesystem::path& path);

// Does `write`, which needs about `bytes` where `path` lies. While they are not there, or `write`
// fails for want of them, it waits and tries again: a full disk pauses a training and loses
// nothing. It says why on stderr once, and that it goes on. Throws Cancelled when stopped, and what
// `write` throws for another reason.
void whenThereIsSpace(const std::filesystem::path& path, std::uintmax_t bytes,
                      const std::stop_token& stop, const std::function<void()>& write);

}  // namespace lvr
