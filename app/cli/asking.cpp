#include "app/cli/asking.h"

#include <iostream>
#include <optional>
#include <variant>

#include "app/cli/command.h"
#include "core/error.h"
#include "core/files/json_file.h"
#include "core/trace/trace_json.h"
#include "core/vision/image_file.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

// On the terminal, before the pictures are encoded.
void sayPlan(const PicturePlan& plan, const Question& question, const LvrCheckpoint& checkpoint,
             const DecodeOptions& options) {
    for (std::size_t i = 0; i < plan.sizes.size(); ++i) {
        const auto& shown = question.images[i];
        std::cerr << "lvr: picture " << i + 1 << ": " << shown.width << "x" << shown.height
                  << " read as " << plan.sizes[i].width << "x" << plan.sizes[i].height << ", "
                  << plan.grids[i].count() << " visual tokens\n";
    }
    if (!plan.lowered) return;
    const auto asked = limitedTo(options.pixels, checkpoint.preprocess);
    std::cerr << "lvr: " << (options.pixels.max ? "--max-pixels " : "the model's max_pixels ")
              << asked.maxPixels << " does not fit beside question and answer into the "
              << checkpoint.model.config().text.maxPositionEmbeddings
              << " positions of this model; lowered to " << plan.limits.maxPixels << "\n";
}

OrderedJson picturesJson(const PicturePlan& plan, const Question& question) {
    auto pictures = OrderedJson::array();
    for (std::size_t i = 0; i < plan.sizes.size(); ++i)
        pictures.push_back({{"width", question.images[i].width},
                            {"height", question.images[i].height},
                            {"read_width", plan.sizes[i].width},
                            {"read_height", plan.sizes[i].height},
                            {"visual_tokens", plan.grids[i].count()}});
    return pictures;
}

void printStep(const DecodeStep& step) {
    if (const auto* latent = std::get_if<LatentStep>(&step.what))
        std::cerr << "[latent " << latent->index + 1 << "]" << std::flush;
    else
        std::cerr << step.text << std::flush;
}

// What a model says, or a line holds, need not be UTF-8 to the last byte.
void printLine(const OrderedJson& json) {
    std::cout << json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << std::endl;
}

// Fields that stand before those of an answer or an error.
OrderedJson headed(OrderedJson head, const OrderedJson& rest) {
    head.update(rest);
    return head;
}

// Interrupted before its first token, a question leaves nothing to keep.
AskedQuestion askInTurn(Asker& asker, const Question& question,
                        std::optional<NothingToKeep>& stopsAtOnce) {
    auto asked = asker.ask(question, {}, [&] { stopsAtOnce.reset(); });
    if (interruption().stop_requested()) throw Cancelled();
    return asked;
}

[[noreturn]] void throwFailed(std::size_t failed, std::size_t all, const char* what) {
    throw Error(std::to_string(failed) + " of " + std::to_string(all) + " " + what +
                " could not be answered; what was printed for each says why");
}

// A question as a line of JSON has it.
struct AskedLine {
    OrderedJson head;  // "line", and "id" where there is one
    Question question;
};

std::vector<fs::path> filesOf(const Json& image, const JsonFields& fields) {
    if (image.is_string()) return {image.get<std::string>()};
    std::vector<fs::path> files;
    for (const auto& file : image) {
        if (!image.is_array() || !file.is_string()) break;
        files.emplace_back(file.get<std::string>());
    }
    if (!image.is_array() || files.size() != image.size())
        fields.fail("image", "must be the name of a file, or a list of names");
    return files;
}

void readLine(const Json& json, const std::string& source, const std::vector<Image>& pictures,
              AskedLine& line) {
    const JsonFields fields(json, source);
    fields.allowOnly({"id", "image", "question"});
    const auto question = fields.get<std::string>("question");
    if (question.find_first_not_of(" \t\r\n") == std::string::npos)
        fields.fail("question", "is empty; say what to ask");
    line.question.text = question;
    if (!fields.has("image")) {
        line.question.images = pictures;
        return;
    }
    for (const auto& file : filesOf(json.at("image"), fields))
        line.question.images.push_back(readImage(file));
}

void answerLine(Asker& asker, const std::string& text, const std::string& source,
                const std::vector<Image>& pictures, AskedLine& line,
                std::optional<NothingToKeep>& stopsAtOnce) {
    const auto json = parseJson(text, source);
    if (json.is_object() && json.contains("id")) line.head["id"] = json.at("id");
    readLine(json, source, pictures, line);
    const auto asked = askInTurn(asker, line.question, stopsAtOnce);
    printLine(headed(line.head, asker.jsonOf(asked)));
}

}  // namespace

AskedQuestion Asker::ask(const Question& question, RowHooks hooks,
                         const std::function<void()>& onToken) {
    const auto& options = settings_.decoding.options;
    const bool isQuiet = settings_.json;
    const auto onPlan = [&](const PicturePlan& plan) {
        if (!isQuiet || plan.lowered) sayPlan(plan, question, checkpoint_, options);
    };
    AskedQuestion asked{.encoded = encodeQuestion(checkpoint_, question, options,
                                                  {.kind = settings_.kind,
                                                   .onPlan = onPlan,
                                                   .watch = {.stop = interruption()},
                                                   .recent = &recent_})};
    hooks.stop = interruption();
    if (!hooks.onPrompt) hooks.recent = &recent_;
    asked.trace = decodeEncoded(checkpoint_, question, asked.encoded, options, hooks,
                                [&](const DecodeStep& step) {
                                    if (onToken) onToken();
                                    if (!isQuiet) printStep(step);
                                });
    asked.trace.origins = settings_.decoding.origins;
    if (!isQuiet) std::cerr << "\n";
    return asked;
}

OrderedJson Asker::jsonOf(const AskedQuestion& asked) const {
    return headed(toJson(asked.trace),
                  {{"computation", toText(settings_.placement)},
                   {"pictures", picturesJson(asked.encoded.pictures, asked.trace.question)}});
}

std::string Asker::textOf(const AskedQuestion& asked) const {
    return toReadableText(asked.trace) + "computed in " + toText(settings_.placement) + "\n";
}

void askEach(Asker& asker, const std::vector<Image>& pictures,
             const std::vector<std::string>& questions) {
    const bool json = asker.settings().json;
    std::size_t failed = 0;
    for (std::size_t i = 0; i < questions.size() && std::cout; ++i) {
        std::optional<NothingToKeep> stopsAtOnce(std::in_place);
        try {
            const auto asked = askInTurn(asker, {pictures, questions[i]}, stopsAtOnce);
            if (json)
                printLine(asker.jsonOf(asked));
            else
                std::cout << (i ? "\n" : "") << "question: " << questions[i] << "\n"
                          << asker.textOf(asked) << std::flush;
        } catch (const Error& error) {
            ++failed;
            if (json)
                printLine({{"question", questions[i]}, {"error", error.what()}});
            else
                std::cerr << "lvr: question " << i + 1 << ": " << error.what() << "\n";
        }
    }
    if (failed > 0) throwFailed(failed, questions.size(), "questions");
}

void askLines(Asker& asker, const std::vector<Image>& pictures, std::istream& lines,
              const std::string& source) {
    std::size_t number = 0, asked = 0, failed = 0;
    std::optional<NothingToKeep> stopsAtOnce(std::in_place);
    for (std::string text; std::cout && std::getline(lines, text); stopsAtOnce.emplace()) {
        ++number;
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        ++asked;
        AskedLine line{.head = {{"line", number}}};
        try {
            answerLine(asker, text, source + ", line " + std::to_string(number), pictures, line,
                       stopsAtOnce);
        } catch (const Error& error) {
            ++failed;
            printLine(headed(line.head, {{"error", error.what()}}));
        }
    }
    if (failed > 0) throwFailed(failed, asked, "lines");
}

}  // namespace lvr
