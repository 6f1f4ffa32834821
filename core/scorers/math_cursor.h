#pragma once

#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

namespace lvr {

// Reading formulas from left to right.

inline bool isMathDigit(char sign) { return sign >= '0' && sign <= '9'; }

inline std::optional<double> mathNumber(std::string_view digits) {
    double value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, value);
    return failed == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

// A text that is read from left to right.
class MathCursor {
public:
    explicit MathCursor(std::string_view text) : rest_(text) {}
    void skipSpaces() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
            rest_.remove_prefix(1);
    }
    bool isAtEnd() {
        skipSpaces();
        return rest_.empty();
    }
    bool sees(std::string_view what) {
        skipSpaces();
        if (!rest_.starts_with(what)) return false;
        // A command's name goes on as long as there are letters.
        return what.front() != '\\' || !std::isalpha(static_cast<unsigned char>(what.back())) ||
               rest_.size() == what.size() ||
               !std::isalpha(static_cast<unsigned char>(rest_[what.size()]));
    }
    bool take(std::string_view what) {
        if (!sees(what)) return false;
        rest_.remove_prefix(what.size());
        return true;
    }
    std::string_view rest() const { return rest_; }
    void drop(std::size_t count) { rest_.remove_prefix(count); }

private:
    std::string_view rest_;
};

}  // namespace lvr
