#include "app/training/pause.h"

#include <chrono>
#include <condition_variable>
#include <iostream>
#include <limits>
#include <mutex>

#include "core/error.h"
#include "core/store/run_store.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMargin = 1 << 20;  // for what else writes there

std::string megabytes(std::uintmax_t bytes) { return std::to_string((bytes >> 20) + 1) + " MB"; }

// A little while, or until stopped.
void waitABit(const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_for(lock, stop, std::chrono::seconds(2), [] { return false; });
    if (stop.stop_requested()) throw Cancelled();
}

void say(const std::string& sentence) { std::cerr << sentence << std::endl; }

}  // namespace

std::uintmax_t freeSpace(const fs::path& path) {
    auto existing = fs::absolute(path).lexically_normal();
    std::error_code failed;
    while (!fs::exists(existing, failed) && existing.has_parent_path() &&
           existing != existing.parent_path())
        existing = existing.parent_path();
    const auto space = fs::space(existing, failed);
    return failed ? std::numeric_limits<std::uintmax_t>::max() : space.available;
}

void whenThereIsSpace(const fs::path& path, std::uintmax_t bytes, const std::stop_token& stop,
                      const std::function<void()>& write,
                      const std::function<void(const std::string& why)>& onPause) {
    bool paused = false;
    const auto pause = [&] {
        if (!paused) {
            const auto why = "paused: " + path.string() + " needs " + megabytes(bytes) + ", only " +
                             std::to_string(freeSpace(path) >> 20) +
                             " MB are free; it goes on by itself when there is room";
            onPause(why);
            say(why);
        }
        paused = true;
        waitABit(stop);
    };
    for (;;) {
        while (freeSpace(path) < bytes + kMargin) pause();
        try {
            write();
            break;
        } catch (const Error&) {
            if (freeSpace(path) >= bytes + kMargin) throw;
        }
        pause();
    }
    if (!paused) return;
    onPause("");
    say("there is room again, going on");
}

void whenUnlocked(const std::stop_token& stop, const std::function<void()>& write) {
    bool paused = false;
    for (;;) {
        try {
            write();
            break;
        } catch (const StoreIsLocked& locked) {
            if (stop.stop_requested()) throw Cancelled();
            const std::string why = locked.what();
            if (!paused) say("paused: " + why.substr(0, why.find(';')) + "; it goes on by itself");
            paused = true;
        }
        waitABit(stop);
    }
    if (paused) say("the run store is free again, going on");
}

}  // namespace lvr
