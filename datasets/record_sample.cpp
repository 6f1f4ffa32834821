#include "datasets/record_sample.h"

#include "core/error.h"
#include "core/vision/image_file.h"

namespace lvr {

Sample readSample(const Dataset& data, const DataRecord& record) {
    Sample sample{.id = data.name(record),
                  .kind = record.dataset,
                  .question = {.text = record.question},
                  .answer = record.answer,
                  .rois = record.boxes};
    try {
        for (const auto& image : record.images) sample.question.images.push_back(readImage(image));
    } catch (const Error& problem) {
        throw Error(sample.id + ": " + problem.what());
    }
    return sample;
}

}  // namespace lvr
