#include "app/training/training_data.h"

#include <algorithm>
#include <iostream>
#include <map>

#include "app/training/given_data.h"
#include "app/training/train_arguments.h"
#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/hf_folder.h"
#include "core/error.h"
#include "core/model/lvr_checkpoint.h"
#include "core/text/tokenizer.h"
#include "core/torch.h"
#include "core/vision/image_file.h"
#include "core/vision/preprocess.h"

namespace lvr {
namespace {

std::string recordsOf(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " record" : " records");
}

void sayOnce(const Ranks& ranks, const std::string& sentence) {
    if (ranks.first()) std::cerr << "lvr: " << sentence << std::endl;
}

PreprocessConfig preprocessOf(const TrainArguments& a) {
    auto config = PreprocessConfig::open(findCheckpoint(a.model));
    apply(a.pixels, config);
    return config;
}

std::size_t dropLong(const TrainArguments& a, const LengthLimit& limit, const char* what,
                     Dataset& data) {
    if (limit.most == 0) return 0;
    const auto all = data.records.size();
    const auto folder = findCheckpoint(a.model);
    const auto tokenizer = Tokenizer::open(folderWith(folder, "tokenizer_config.json"));
    const auto dialect = dialectIn(folder, tokenizer, a.dialect).dialect;
    const auto dropped =
        dropLongRecords(data, limit, {tokenizer, chatStyleOf(folder), dialect}, preprocessOf(a));
    if (dropped.count == 0) return 0;
    const auto sentence = std::string("left out ") + std::to_string(dropped.count) + " of " +
                          recordsOf(all) + " of the " + what + ", longer than --max-length " +
                          std::to_string(limit.most) + "; the longest is " + dropped.longest +
                          " with " + std::to_string(dropped.positions) + " positions";
    if (data.records.empty()) throw Error(sentence + "; none is left");
    sayOnce(a.ranks, sentence);
    return dropped.count;
}

void sayUnusedBoxes(const Dataset& data, const Ranks& ranks) {
    std::size_t count = 0;
    const DataRecord* first = nullptr;
    for (const auto& record : data.records) {
        if (record.boxes.empty() || record.usesItsBoxes()) continue;
        if (count++ == 0) first = &record;
    }
    if (count > 0)
        sayOnce(ranks, recordsOf(count) + (count == 1 ? " has" : " have") +
                           " boxes and no <lvr>: " + (count == 1 ? "its" : "their") +
                           " boxes aren't used (" + data.name(*first) + ")");
}

// Why the pictures of a record can't be used; empty: they can.
std::string problemOf(const DataRecord& record, const PreprocessConfig& config) {
    try {
        for (const auto& file : record.images) {
            const auto image = readImage(file);
            smartResize({image.height, image.width}, config);
        }
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

struct Unread {
    std::vector<bool> which;  // [records]
    std::size_t count = 0;
    std::string first;  // record and reason
};

// Each picture is decoded once, by one of the ranks.
Unread lookAtAll(const std::vector<DataRecord>& records, const Dataset& data,
                 const TrainArguments& a) {
    const auto config = preprocessOf(a);
    const auto flags = torch::zeros({std::ssize(records)}, torch::kInt64);
    auto* bad = flags.data_ptr<std::int64_t>();
    std::string first;
    std::map<std::vector<std::string>, std::vector<std::size_t>> ofPictures;
    for (std::size_t i = 0; i < records.size(); ++i) ofPictures[records[i].images].push_back(i);
    a.ranks.eachDoes([&] {
        int turn = 0;
        for (const auto& [images, which] : ofPictures) {
            if (a.stop.stop_requested()) throw Cancelled();
            if (turn++ % a.ranks.count() != a.ranks.rank()) continue;
            const auto problem = problemOf(records[which.front()], config);
            if (problem.empty()) continue;
            for (const auto i : which) bad[i] = 1;
            if (first.empty()) first = data.name(records[which.front()]) + ": " + problem;
        }
    });
    a.ranks.sum(flags);
    Unread unread{std::vector<bool>(records.size()), 0, {}};
    for (std::size_t i = 0; i < records.size(); ++i) {
        unread.which[i] = bad[i] > 0;
        unread.count += bad[i] > 0;
    }
    for (const auto& reason : a.ranks.gather(first))
        if (unread.first.empty()) unread.first = reason;
    return unread;
}

// Takes those that can't be read out of the list.
std::size_t leaveOutUnread(std::vector<DataRecord>& records, const Dataset& data,
                           const TrainArguments& a, const std::string& what) {
    const auto unread = lookAtAll(records, data, a);
    if (unread.count == 0) return 0;
    if (unread.count == records.size())
        throw Error("none of the " + std::to_string(records.size()) + " " + what +
                    " can be read; the first reason: " + unread.first);
    sayOnce(a.ranks, std::to_string(unread.count) + " of " + std::to_string(records.size()) + " " +
                         what + " can't be read and " + (unread.count == 1 ? "isn't" : "aren't") +
                         " measured: " + unread.first);
    std::size_t at = 0;
    std::erase_if(records, [&](const DataRecord&) { return unread.which[at++]; });
    return unread.count;
}

}  // namespace

TrainingData readTrainingData(const TrainArguments& a, const DataReading& reading) {
    TrainingData read{.data = readGiven(a.source, a.ranks, a.stop)};
    if (reading.boxes == DataReading::Boxes::Used) sayUnusedBoxes(read.data, a.ranks);
    read.tooLong = dropLong(a, reading.limit, "data", read.data);
    return read;
}

ValidationData readValidationData(const TrainArguments& a, const DataReading& reading,
                                  Measured measured) {
    ValidationData read;
    if (a.validation.source.data.empty()) return read;
    read.data = readGiven(a.validation.source, a.ranks, a.stop);
    read.tooLong = dropLong(a, reading.limit, "validation data", read.data);
    if (measured == Measured::Losses)
        read.unread = leaveOutUnread(read.data.records, read.data, a, "validation records");
    read.probes = chooseProbes(read.data, a.validation.probes);
    if (measured == Measured::ProbesOnly && !read.probes.empty())
        read.unread = leaveOutUnread(read.probes, read.data, a, "probe questions");
    return read;
}

}  // namespace lvr
