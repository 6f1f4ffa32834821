#include "datasets/record_sample.h"

#include "core/error.h"
#include "core/vision/image_file.h"

namespace lvr {

Sample readSample(const Dataset& data, const DataRecord& record) {
    Sample sample{.id = data.name(record),
                  .kind = record.dataset,
                  .question = {.text = record.question},
                  .answer = record.answer};
    try {
        for (const auto& image : record.images) sample.question.images.push_back(readImage(image));
    } catch (const Error& problem) {
        throw Error(sample.id + ": " + problem.what());
    }
    for (std::size_t i = 0; i < record.boxes.size(); ++i)
        if (record.boxImages.empty() || record.boxImages[i] == 0)
            sample.rois.push_back(record.boxes[i]);
    return sample;
}

}  // namespace lvr
