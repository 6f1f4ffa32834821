#include "core/runs_io/tensorboard.h"

#include <sys/stat.h>

#include <climits>
#include <cstring>
#include <optional>
#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_message.hpp>

#include "core/runs_io/event_records.h"

namespace lvr {
namespace {

// TensorFlow's messages with those of their fields that scalars need (event.proto, summary.proto,
// tensor.proto, tensor_shape.proto, types.proto).
enum class Event : protozero::pbf_tag_type {
    WallTime = 1,
    Step = 2,
    FileVersion = 3,
    Summary = 5,
    SessionLog = 7
};
enum class SessionLog : protozero::pbf_tag_type { Status = 1 };
enum class Summary : protozero::pbf_tag_type { Value = 1 };
enum class Value : protozero::pbf_tag_type { Tag = 1, SimpleValue = 2, Tensor = 8, Metadata = 9 };
enum class Metadata : protozero::pbf_tag_type { PluginData = 1 };
enum class PluginData : protozero::pbf_tag_type { Name = 1 };
enum class Tensor : protozero::pbf_tag_type {
    Type = 1,
    Shape = 2,
    Content = 4,
    Floats = 5,
    Doubles = 6
};
enum class Shape : protozero::pbf_tag_type { Dimension = 2 };
constexpr int kFloat = 1, kDouble = 2;
constexpr int kSessionStart = 1;

template <class Message>
using Reader = protozero::pbf_message<Message>;

// What a writer names as the owner of a tag, and only says in the tag's first event.
using Plugins = std::map<std::string, std::string>;

std::string pluginOf(Reader<Metadata> metadata) {
    while (metadata.next(Metadata::PluginData)) {
        Reader<PluginData> plugin(metadata.get_message());
        while (plugin.next(PluginData::Name)) return plugin.get_string();
    }
    return {};
}

template <class Number>
std::optional<double> numberIn(protozero::data_view bytes) {
    Number number;
    if (bytes.size() != sizeof number) return {};
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

// A tensor without a shape that holds one float or double.
std::optional<double> scalarOf(Reader<Tensor> tensor) {
    int type = 0;
    std::optional<double> number = 0;  // left out when it is zero
    protozero::data_view content;
    while (tensor.next()) switch (tensor.tag()) {
            case Tensor::Type:
                type = tensor.get_enum();
                break;
            case Tensor::Shape:
                if (Reader<Shape>(tensor.get_message()).next(Shape::Dimension)) return {};
                break;
            case Tensor::Content:
                content = tensor.get_view();
                break;
            case Tensor::Floats:  // the first of a packed list is all of it
                number = tensor.wire_type() == protozero::pbf_wire_type::fixed32
                             ? tensor.get_float()
                             : numberIn<float>(tensor.get_view());
                break;
            case Tensor::Doubles:
                number = tensor.wire_type() == protozero::pbf_wire_type::fixed64
                             ? tensor.get_double()
                             : numberIn<double>(tensor.get_view());
                break;
            default:
                tensor.skip();
        }
    if (type != kFloat && type != kDouble) return {};
    if (content.empty()) return number;
    return type == kFloat ? numberIn<float>(content) : numberIn<double>(content);
}

struct TaggedValue {
    std::string tag;
    std::optional<double> value;  // nothing: it is no scalar
};

TaggedValue readValue(Reader<Value> value, Plugins& plugins) {
    TaggedValue read;
    bool isTensor = false;
    std::string plugin;
    while (value.next()) switch (value.tag()) {
            case Value::Tag:
                read.tag = value.get_string();
                break;
            case Value::SimpleValue:
                read.value = value.get_float();
                break;
            case Value::Tensor:
                read.value = scalarOf(value.get_message());
                isTensor = true;
                break;
            case Value::Metadata:
                plugin = pluginOf(value.get_message());
                break;
            default:
                value.skip();
        }
    const auto& owner = plugins.try_emplace(read.tag, plugin).first->second;
    if (isTensor && !owner.empty() && owner != "scalars") read.value.reset();
    return read;
}

struct ReadEvent {
    double time = 0;
    std::int64_t step = 0;
    bool begins = false;  // a session, here: what was logged of later steps is to be forgotten
    std::vector<TaggedValue> values;
};

ReadEvent readEvent(const std::string& record, Plugins& plugins) {
    ReadEvent read;
    Reader<Event> event(record);
    while (event.next()) switch (event.tag()) {
            case Event::WallTime:
                read.time = event.get_double();
                break;
            case Event::Step:
                read.step = event.get_int64();
                break;
            case Event::SessionLog: {
                Reader<SessionLog> session(event.get_message());
                while (session.next(SessionLog::Status))
                    read.begins = session.get_enum() == kSessionStart;
                break;
            }
            case Event::Summary: {
                Reader<Summary> summary(event.get_message());
                while (summary.next(Summary::Value))
                    read.values.push_back(readValue(summary.get_message(), plugins));
                break;
            }
            default:
                event.skip();
        }
    return read;
}

std::string listed(const std::set<std::string>& tags) {
    constexpr std::size_t kNamed = 3;
    std::string text;
    std::size_t count = 0;
    for (const auto& tag : tags)
        if (count++ < kNamed) text += (text.empty() ? "" : ", ") + tag;
    return text + (count > kNamed ? " and " + std::to_string(count - kNamed) + " more" : "");
}

std::string firstEvent(const Run& run) {
    std::string record;
    protozero::pbf_builder<Event> event(record);
    event.add_double(Event::WallTime, run.started);
    event.add_string(Event::FileVersion, "brain.Event:2");
    return record;
}

}  // namespace

std::string toEventFile(const Run& run, const std::vector<Metric>& metrics) {
    std::string file;
    appendRecord(file, firstEvent(run));
    const double perStep = run.step > 0 ? (run.heartbeat - run.started) / run.step : 0;
    std::string record;
    for (std::size_t i = 0; i < metrics.size();) {
        const int step = metrics[i].step;
        record.clear();
        {
            protozero::pbf_builder<Event> event(record);
            event.add_double(Event::WallTime, run.started + perStep * step);
            event.add_int64(Event::Step, step);
            protozero::pbf_builder<Summary> summary(event, Event::Summary);
            for (; i < metrics.size() && metrics[i].step == step; ++i) {
                protozero::pbf_builder<Value> value(summary, Summary::Value);
                value.add_string(Value::Tag, metrics[i].name);
                value.add_float(Value::SimpleValue, static_cast<float>(metrics[i].value));
            }
        }
        appendRecord(file, record);
    }
    return file;
}

std::string eventFileName(const Run& run) {
    return "events.out.tfevents." + std::to_string(static_cast<std::int64_t>(run.started)) +
           ".lvr.run-" + std::to_string(run.id);
}

EventFileTail::EventFileTail(const std::filesystem::path& file) : file_(file) {}

bool EventFileTail::look() {
    struct stat status {};
    if (stat(file_.c_str(), &status) != 0) return false;  // what it said stays
    if (status.st_ino != inode_ || static_cast<std::uintmax_t>(status.st_size) < place_.position) {
        *this = EventFileTail(file_);
        inode_ = status.st_ino;
    }
    EventRecordReader records(file_, place_);
    const int before = place_.count;
    std::string problem;
    for (std::string record; records.next(record);) {
        try {
            take(record);
        } catch (const protozero::exception&) {
            problem = "record " + std::to_string(records.place().count) + " holds no event";
            break;
        }
        place_ = records.place();
    }
    noteWhatWasLeftOut(problem.empty() ? records.problem() : problem);
    return place_.count > before;
}

void EventFileTail::take(const std::string& record) {
    const auto event = readEvent(record, owners_);
    if (event.begins) read_.beginAgain(event.step);
    for (const auto& [tag, value] : event.values) {
        if (!value) {
            noScalars_.insert(tag);
            continue;
        }
        if (read_.metrics.empty()) read_.started = event.time;
        read_.ended = std::max(read_.ended, event.time);
        if (event.step < 0 || event.step > INT_MAX)
            ++misplaced_;
        else
            read_.metrics.push_back(
                {.step = static_cast<int>(event.step), .name = tag, .value = *value});
    }
}

void EventFileTail::noteWhatWasLeftOut(const std::string& problem) {
    read_.notices.clear();
    read_.isWhole = problem.empty();
    if (!problem.empty()) read_.notices.push_back("only its beginning could be read: " + problem);
    if (!noScalars_.empty())
        read_.notices.push_back(
            "what is no scalar (texts, pictures, histograms, hparams) was left "
            "out: " +
            listed(noScalars_));
    if (misplaced_ > 0)
        read_.notices.push_back(std::to_string(misplaced_) +
                                " values of steps below 0 or above 2147483647 were left out");
}

LoggedScalars readEventFile(const std::filesystem::path& file) {
    EventFileTail tail(file);
    if (!tail.look()) EventRecordReader unreadable(file);  // says why
    return tail.read();
}

}  // namespace lvr
