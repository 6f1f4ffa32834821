#include "core/runs_io/trainer_state.h"

#include <rapidjson/error/en.h>
#include <rapidjson/istreamwrapper.h>
#include <rapidjson/reader.h>

#include <climits>
#include <cmath>
#include <fstream>

#include "core/error.h"
#include "core/files/json_file.h"

namespace lvr {
namespace {

// Of {"max_steps": 100, "log_history": [{"step": 1, "loss": 2.5}, ...]} an entry is taken when it
// is complete; what is nested deeper is passed over.
class StateHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, StateHandler> {
public:
    explicit StateHandler(LoggedScalars& read) : read_(read) {}
    std::size_t withoutStep = 0;  // entries

    bool StartObject() { return enter(); }
    bool StartArray() { return enter(); }
    bool EndArray(rapidjson::SizeType) { return leave(); }
    bool EndObject(rapidjson::SizeType) {
        if (isEntry()) take();
        return leave();
    }
    bool Key(const char* text, rapidjson::SizeType length, bool) {
        key_.assign(text, length);
        if (depth_ == kRoot) isHistory_ = key_ == "log_history";
        return true;
    }
    bool Int(int value) { return number(value); }
    bool Uint(unsigned value) { return number(value); }
    bool Int64(std::int64_t value) { return number(static_cast<double>(value)); }
    bool Uint64(std::uint64_t value) { return number(static_cast<double>(value)); }
    bool Double(double value) { return number(value); }

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
    rapidjson::IStreamWrapper stream(in);
    rapidjson::Reader reader;
    constexpr auto kFlags = rapidjson::kParseNanAndInfFlag | rapidjson::kParseIterativeFlag |
                            rapidjson::kParseValidateEncodingFlag;
    if (!reader.Parse<kFlags>(stream, handler))
        read.notices.push_back("only its beginning could be read: it stops being JSON at byte " +
                               std::to_string(reader.GetErrorOffset()));
    if (handler.withoutStep > 0)
        read.notices.push_back(std::to_string(handler.withoutStep) +
                               " entries of log_history without a step were left out");
    return read;
}

}  // namespace lvr
