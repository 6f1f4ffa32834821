#include "core/train/save_checkpoint.h"

#include <fcntl.h>
#include <stdio.h>

#include <nlohmann/json.hpp>

#include "core/checkpoint/adapter_folder.h"
#include "core/checkpoint/atomic_file.h"
#include "core/error.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTokenizerFiles[] = {
    "tokenizer.json",    "tokenizer_config.json", "vocab.json",         "merges.txt",
    "added_tokens.json", "chat_template.jinja",   "chat_template.json", "special_tokens_map.json"};

void copyTokenizer(const fs::path& folder, const fs::path& to) {
    const auto from = folderWith(folder, "tokenizer_config.json");
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

// A process killed at any instant leaves either what was there or what is new.
void replace(const fs::path& target, const fs::path& fresh) {
    if (!fs::exists(target)) return fs::rename(fresh, target);
    if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) != 0) {
        // A file system that can't exchange: the old one is out of the way for an instant.
        const fs::path old = target.string() + ".old";
        fs::remove_all(old);
        fs::rename(target, old);
        fs::rename(fresh, target);
        fs::remove_all(old);
        return;
    }
    fs::remove_all(fresh);  // what was there before
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
    if (fs::is_empty(out)) return;
    throw Error(out.string() + (fs::exists(out / "config.json")
                                    ? " holds a checkpoint already; move it away or choose "
                                      "another --out"
                                    : " holds something other than a checkpoint; choose an "
                                      "empty or new --out"));
}

void saveCheckpoint(const LvrCheckpoint& checkpoint, const fs::path& tokenizerFolder,
                    const Provenance& provenance, const fs::path& out, const TrainState* state) {
    const fs::path target = fs::absolute(out).lexically_normal(), fresh = target.string() + ".new";
    try {
        fs::remove_all(fresh);
        fs::create_directories(fresh);
        checkpoint.model.save(fresh);
        copyTokenizer(tokenizerFolder, fresh);
        writeGenerationConfig({checkpoint.rules.stopIds, checkpoint.rules.padId}, fresh);
        writePreprocessor(checkpoint.preprocess, fresh);
        writeProvenance(provenance, fresh);
        if (state) state->write(fresh);
        replace(target, fresh);
    } catch (const fs::filesystem_error& e) {
        throw Error("cannot save the checkpoint to " + out.string() + ": " + e.code().message() +
                    "; free some space or choose another --out");
    }
}

}  // namespace lvr
