#include "datasets/data_formats.h"

namespace lvr {

const std::vector<DataFormat>& dataFormats() {
    static const std::vector<DataFormat> formats{
        {"LVR JSON", "One question, its answer, and the regions to look at.",
         R"({"dataset": "mine", "question_id": 7, "image": ["images/0007.jpg"],
 "conversations": [{"from": "human", "value": "<image>\nWhat colour is the cup?"},
                   {"from": "gpt", "value": "<lvr>\n<answer> red </answer>"}],
 "bboxes": [[0.42, 0.1, 0.6, 0.35]]})",
         "image          a path, or a list of them; also called images\n"
         "conversations  one human and one gpt turn; <image> stands where each image does, or\n"
         "               nowhere: then all stand before the question\n"
         "bboxes         [x0, y0, x1, y1] as fractions of the image, 0 to 1; one for each <lvr>,\n"
         "               or one <lvr> for all. Without <lvr> boxes aren't used\n"
         "bbox_images    optional: for each box the image it is on, from 0\n"
         "dataset        optional: the kind, by which accuracy is told apart\n"
         "question_id    optional; also called id"},
        {"LVR JSON for rewards", "The same without boxes, for lvr grpo.",
         R"({"image": "images/0007.jpg",
 "conversations": [{"from": "human", "value": "<image>\nWhat colour is the cup?"},
                   {"from": "gpt", "value": "<answer> red </answer>"}]})",
         "answer         what stands inside <answer>, else the gpt turn after its last <lvr>"},
        {"Visual-CoT", "Its metadata: boxes in pixels.",
         R"({"dataset": "gqa", "image": "images/0007.jpg", "width": 640, "height": 480,
 "question": "What colour is the cup?", "answer": "red", "bboxs": [[269, 48, 384, 168]]})",
         "bboxs          [x0, y0, x1, y1] in pixels; all belong to one thought\n"
         "width, height  optional: of the picture that the boxes are measured on\n"
         "dataset        optional: the kind, and one more folder to look for pictures in"},
        {"Visual-CoT, LLaVA form", "As LLaVA is trained on it.",
         R"({"image": ["images/0007.jpg", "images/0007.jpg###[269, 48, 384, 168]"],
 "conversations": [{"from": "human", "value": "<image>\nWhat colour is the cup? Please provide the bounding box"},
                   {"from": "gpt", "value": "[0.42, 0.2, 0.6, 0.39]"},
                   {"from": "human", "value": "<image>"},
                   {"from": "gpt", "value": "red"}]})",
         "image          the picture, and after ### a box in pixels\n"
         "conversations  the gpt's box, in fractions of the picture padded to a square, serves\n"
         "               when there is none in pixels"},
        {"ViRL39K", "Questions with answers, no boxes; JSON or Parquet.",
         R"({"qid": "a-17", "question": "<image>\nWhat is x?", "answer": "\\boxed{3}", "image": ["images/0007.jpg"],
 "category": "geometry"})",
         "question       also called problem\n"
         "answer         text or number, in \\boxed{} or not\n"
         "image          as above; in Parquet also the picture itself: bytes, or {bytes, path}\n"
         "category       optional: the kind; also called source"},
        {"List of files", "Several files as one, each with its pictures' folder.",
         R"([{"ds_name": "viscot", "data_path": "viscot.json", "image_folder": "pictures"},
 {"ds_name": "mine", "data_path": "mine.json", "image_folder": "."}])",
         "ds_name        the kind of records that name none\n"
         "data_path      from the list's own folder\n"
         "image_folder   below --image-root"},
    };
    return formats;
}

}  // namespace lvr
