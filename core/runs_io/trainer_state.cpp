#include "core/runs_io/trainer_state.h"

#include <climits>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/files/json_file.h"
#include "core/files/json_splice.h"

namespace lvr {
namespace {

// Stands for a number that JSON has no word for: a string as long as that word is with its quotes,
// so that bytes count on, of a character that no text begins with.
std::string placeholder(std::string_view name) {
    return '"' + std::string(name.size() - 2, '\x7f') + '"';
}

std::optional<double> numberFor(const std::string& text) {
    static constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (text.empty() || text.front() != '\x7f') return std::nullopt;
    const auto length = text.size() + 2;
    return length == 3 ? std::nan("") : length == 8 ? kInfinity : -kInfinity;
}

// Of {"max_steps": 100, "log_history": [{"step": 1, "loss": 2.5}, ...]} an entry is taken when it
// is complete; what is nested deeper is passed over.
class StateHandler : public nlohmann::json_sax<Json> {
public:
    explicit StateHandler(LoggedScalars& read) : read_(read) {}
    std::size_t withoutStep = 0;  // entries
    std::optional<std::size_t> stopsAt;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t value) override {
        return number(static_cast<double>(value));
    }
    bool number_unsigned(number_unsigned_t value) override {
        return number(static_cast<double>(value));
    }
    bool number_float(number_float_t value, const string_t&) override { return number(value); }
    bool string(string_t& text) override {
        const auto value = numberFor(text);
        return !value || number(*value);
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return enter(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override { return leave(); }
    bool end_object() override {
        if (isEntry()) take();
        return leave();
    }
    bool key(string_t& name) override {
        key_ = std::move(name);
        if (depth_ == kRoot) isHistory_ = key_ == "log_history";
        return true;
    }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        stopsAt = position;
        return false;
    }

private:
    static constexpr int kRoot = 1, kEntry = 3;  // depths

    bool isEntry() const { return isHistory_ && depth_ == kEntry; }
    bool enter() {
        ++depth_;
        if (isEntry()) {
            entry_.clear();
            step_ = -1;
        }
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    static int toStep(double value) {
        return value >= 0 && value <= INT_MAX && value == std::floor(value)
                   ? static_cast<int>(value)
                   : -1;
    }
    bool number(double value) {
        if (depth_ == kRoot && key_ == "max_steps") read_.steps = std::max(toStep(value), 0);
        if (depth_ == kRoot && key_ == "global_step") read_.reached = std::max(toStep(value), 0);
        if (isEntry() && key_ == "step")
            step_ = toStep(value);
        else if (isEntry())
            entry_.push_back({.name = key_, .value = value});
        return true;
    }
    void take() {
        if (step_ < 0) ++withoutStep;
        if (step_ < 0) return;
        for (auto& metric : entry_) {
            metric.step = step_;
            read_.metrics.push_back(std::move(metric));
        }
    }

    LoggedScalars& read_;
    int depth_ = 0;
    bool isHistory_ = false;
    std::string key_;
    int step_ = -1;
    std::vector<Metric> entry_;
};

}  // namespace

LoggedScalars readTrainerState(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error("can't read " + file.string() + "; check its permissions");
    skipByteOrderMark(in);
    LoggedScalars read;
    StateHandler handler(read);
    Json::sax_parse(withoutNonFinite({std::istreambuf_iterator<char>(in), {}}, placeholder),
                    &handler);
    read.isWhole = !handler.stopsAt;
    if (handler.stopsAt)
        read.notices.push_back("only its beginning could be read: it stops being JSON at byte " +
                               std::to_string(*handler.stopsAt));
    if (handler.withoutStep > 0)
        read.notices.push_back(std::to_string(handler.withoutStep) +
                               " entries of log_history without a step were left out");
    return read;
}

}  // namespace lvr
