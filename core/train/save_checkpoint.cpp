#include "core/train/save_checkpoint.h"

#include <nlohmann/json.hpp>

#include "core/checkpoint/atomic_file.h"
#include "core/error.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTokenizerFiles[] = {
    "tokenizer.json",    "tokenizer_config.json", "vocab.json",         "merges.txt",
    "added_tokens.json", "chat_template.jinja",   "chat_template.json", "special_tokens_map.json"};

void copyTokenizer(const fs::path& from, const fs::path& to) {
    for (const auto* name : kTokenizerFiles)
        if (fs::exists(from / name))
            fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
}

void writePreprocessor(const PreprocessConfig& config, const fs::path& folder) {
    const nlohmann::ordered_json json{{"image_processor_type", "Qwen2VLImageProcessor"},
                                      {"processor_class", "Qwen2_5_VLProcessor"},
                                      {"do_convert_rgb", true},
                                      {"do_resize", true},
                                      {"do_rescale", true},
                                      {"do_normalize", true},
                                      {"resample", 3},
                                      {"rescale_factor", config.rescaleFactor},
                                      {"image_mean", config.mean},
                                      {"image_std", config.std},
                                      {"patch_size", config.patchSize},
                                      {"temporal_patch_size", config.temporalPatchSize},
                                      {"merge_size", config.mergeSize},
                                      {"min_pixels", config.minPixels},
                                      {"max_pixels", config.maxPixels}};
    writeFileAtomically(folder / "preprocessor_config.json", json.dump(2) + "\n");
}

}  // namespace

void checkOutputFolder(const fs::path& out) {
    std::error_code failed;
    if (!fs::exists(out, failed)) {
        fs::create_directories(fs::absolute(out).parent_path(), failed);
        if (failed)
            throw Error("cannot create " + out.string() + ": " + failed.message() +
                        "; choose another --out");
        return;
    }
    if (!fs::is_directory(out)) throw Error(out.string() + " is a file; --out takes a folder");
    if (!fs::is_empty(out) && !fs::exists(out / "config.json"))
        throw Error(out.string() +
                    " holds something other than a checkpoint; choose an empty or new --out");
}

void saveCheckpoint(const LvrCheckpoint& checkpoint, const fs::path& tokenizerFolder,
                    const Provenance& provenance, const fs::path& out) {
    const auto beside = [&](const std::string& suffix) {
        return fs::path(fs::absolute(out).lexically_normal().string() + suffix);
    };
    const auto fresh = beside(".new"), old = beside(".old");
    try {
        fs::remove_all(fresh);
        fs::create_directories(fresh);
        checkpoint.model.save(fresh);
        copyTokenizer(tokenizerFolder, fresh);
        writeGenerationConfig({checkpoint.rules.stopIds, checkpoint.rules.padId}, fresh);
        writePreprocessor(checkpoint.preprocess, fresh);
        writeProvenance(provenance, fresh);
        fs::remove_all(old);
        if (fs::exists(out)) fs::rename(out, old);
        fs::rename(fresh, out);
        fs::remove_all(old);
    } catch (const fs::filesystem_error& e) {
        throw Error("cannot save the checkpoint to " + out.string() + ": " + e.code().message() +
                    "; free some space or choose another --out");
    }
}

}  // namespace lvr
