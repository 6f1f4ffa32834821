#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/values/exchange.h"
#include "core/values/image.h"

namespace lvr {

// What is kept of the questions about one picture (or several shown together).
struct Conversation {
    std::string picture;               // fingerprint of its pixels
    std::vector<Exchange> exchanges;   // oldest first
    std::vector<std::string> leftOut;  // a sentence for every file that can't be read
    // Drawn by the person; absent where nobody ever drew.
    std::optional<std::vector<Box>> regions = std::nullopt;
    std::vector<std::string> regionNames = {};  // may be fewer
};

// Conversations on disk: a folder a picture, one .lvrtrace an answer and regions.json with what was
// drawn, so that several windows may write at once. Blocks; throws Error.
class HistoryFolder {
public:
    static constexpr std::uintmax_t kMostBytes = std::uintmax_t{2} << 30;
    explicit HistoryFolder(std::filesystem::path root, std::uintmax_t mostBytes = kMostBytes)
        : root_(std::move(root)), mostBytes_(mostBytes) {}

    static std::string pictureOf(const std::vector<Image>& images);

    Conversation read(const std::string& picture) const;
    // Where each answer about any picture is, the newest first.
    struct Place {
        std::string picture, id;
        std::filesystem::path file;
    };
    std::vector<Place> all() const;
    static std::int64_t whenAsked(const Place& place);
    // Gives its id. When all conversations together become too large, the oldest answers go.
    std::string add(const Trace& trace, std::int64_t askedAt) const;
    Trace answer(const std::string& picture, const std::string& id) const;
    std::optional<std::vector<Box>> regions(const std::string& picture) const;
    std::vector<std::string> regionNames(const std::string& picture) const;
    void keepRegions(const std::string& picture, const std::vector<Box>& boxes,
                     const std::vector<std::string>& names = {}) const;
    void remove(const std::string& picture, const std::string& id) const;
    void removeAll(const std::string& picture) const;
    void removeAll() const;

private:
    std::filesystem::path fileOf(const std::string& picture, const std::string& id) const;
    void makeRoom(const std::filesystem::path& newest) const;

    std::filesystem::path root_;
    std::uintmax_t mostBytes_;
};

}  // namespace lvr
