#include "core/model/save_checkpoint.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "core/checkpoint/adapter_folder.h"
#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/files/json_file.h"
#include "core/model/dtype.h"
#include "core/text/tokenizer_files.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kTokenizerFiles[] = {"tokenizer.json",    "tokenizer_config.json",
                                           "vocab.json",        "merges.txt",
                                           "added_tokens.json", "special_tokens_map.json"};

// Weights, whatever another program's training left beside them, and what is written anew.
bool isReplaced(const fs::path& file) {
    static const std::set<std::string> kEndings{".safetensors", ".bin", ".pt",      ".pth", ".ckpt",
                                                ".gguf",        ".h5",  ".msgpack", ".onnx"};
    static const std::set<std::string> kNames{
        "config.json",        "adapter_config.json", "quantize_config.json", "quant_config.json",
        "lvr_workbench.json", "trainer_state.json",  "zero_to_fp32.py",      "latest",
        "training.yaml"};
    const auto name = file.filename().string();
    return kEndings.contains(file.extension().string()) || kNames.contains(name) ||
           name.ends_with(".index.json");
}

void copyOtherFiles(const fs::path& from, const fs::path& to) {
    for (const auto& file : fs::directory_iterator(from)) {
        const auto target = to / file.path().filename();
        if (file.path().filename() == "additional_chat_templates")
            fs::copy(file, target,
                     fs::copy_options::recursive | fs::copy_options::overwrite_existing);
        else if (file.is_regular_file() && !isReplaced(file.path()))
            fs::copy_file(file, target, fs::copy_options::overwrite_existing);
    }
}

// The files of a tokenizer belong together: all from one folder.
void copyOtherFilesOfBoth(const fs::path& from, const fs::path& to) {
    if (!fs::exists(from / "config.json") && readAdapterConfig(from)) {
        copyOtherFiles(baseOf(from), to);
        if (fs::exists(from / "tokenizer_config.json"))
            for (const auto* name : kTokenizerFiles) fs::remove(to / name);
    }
    copyOtherFiles(from, to);
}

// A method's own tokens that are there stay as they are.
void writeTokens(const RowRules& rules, const fs::path& folder) {
    const auto& [tokens, dialect] = std::tie(rules.tokens, rules.dialect);
    std::vector<AddedToken> added{{.content = dialect.start, .id = tokens.start},
                                  {.content = dialect.latent, .id = tokens.latent},
                                  {.content = dialect.end, .id = tokens.end}};
    if (tokens.latentEnd)
        added.insert(added.begin() + 2,
                     {.content = dialect.latentEnd, .id = tokens.latentEnd.value()});
    writeSpecialTokens(added, folder);
}

ModelConfig withTokens(ModelConfig config, const LvrTokens& tokens) {
    config.lvr.lvrStartId = tokens.start;
    config.lvr.lvrId = tokens.latent;
    config.lvr.lvrLatentEndId = tokens.latentEnd;
    config.lvr.lvrEndId = tokens.end;
    return config;
}

// What the sidecar has to name for the folder to open as what it is; empty: its own files say it.
// They may no longer do once another exit rule is written over theirs.
std::string dialectToSay(const LvrCheckpoint& checkpoint, const Provenance& provenance,
                         const fs::path& fresh) {
    const auto& dialect = checkpoint.rules.dialect;
    // What was opened as plain has LVR's tokens and fields now.
    const bool isLvrNow = isLvr(dialect) && checkpoint.rules.tokens.areThere();
    if (checkpoint.dialectChoice.isAsked) return isLvrNow ? "lvr" : dialect.name;
    if (!provenance.dialect.empty()) return provenance.dialect;
    const auto opened = dialectIn(fresh, checkpoint.tokenizer).dialect;
    const bool isSame = opened.name == dialect.name || (isLvr(opened) && isLvr(dialect));
    if (isSame) return {};
    return isLvr(dialect) ? "lvr" : dialect.name;
}

OrderedJson freshPreprocessor(const Backbone& backbone) {
    return {{"image_processor_type", "Qwen2VLImageProcessor"},
            {"processor_class", backbone.processorClass},
            {"do_convert_rgb", true},
            {"do_resize", true},
            {"do_rescale", true},
            {"do_normalize", true},
            {"resample", 3}};
}

// Where a processor's file says them, in both places if need be.
void putLimits(const PreprocessConfig& config, OrderedJson& json) {
    if (auto size = json.find("size"); size != json.end() && size->is_object()) {
        (*size)["shortest_edge"] = config.minPixels;
        (*size)["longest_edge"] = config.maxPixels;
        if (!json.contains("min_pixels") && !json.contains("max_pixels")) return;
    }
    json["min_pixels"] = config.minPixels;
    json["max_pixels"] = config.maxPixels;
}

void put(const PreprocessConfig& config, OrderedJson& json) {
    json["rescale_factor"] = config.rescaleFactor;
    json["image_mean"] = config.mean;
    json["image_std"] = config.std;
    json["patch_size"] = config.patchSize;
    json["temporal_patch_size"] = config.temporalPatchSize;
    json["merge_size"] = config.mergeSize;
    putLimits(config, json);
}

}  // namespace

// The base's own files stay where they say what is in force. Since transformers 5 they are one.
void writePreprocessor(const PreprocessConfig& config, const Backbone& backbone,
                       const fs::path& folder) {
    const auto file = folder / "preprocessor_config.json", both = folder / "processor_config.json";
    const bool isThere = fs::exists(file);
    auto processor = fs::exists(both) ? OrderedJson::parse(readTextFile(both)) : OrderedJson();
    const bool holdsBoth = processor.contains("image_processor");
    if ((isThere || holdsBoth) && PreprocessConfig::open(folder) == config) return;
    auto json = isThere ? OrderedJson::parse(readTextFile(file)) : freshPreprocessor(backbone);
    put(config, json);
    writeFileAtomically(file, json.dump(2) + "\n");
    if (!holdsBoth) return;
    put(config, processor["image_processor"]);
    writeFileAtomically(both, processor.dump(2) + "\n");
}

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

// A process killed at any instant leaves either what was there or what is new.
void replaceFolder(const fs::path& target, const fs::path& fresh) {
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

void makeOutputFolder(const fs::path& out) {
    const fs::path target = fs::absolute(out).lexically_normal(), fresh = target.string() + ".new";
    const fs::path trial = "written-as-a-trial";
    try {
        fs::remove_all(fresh);
        fs::create_directories(fresh);
        if (!std::ofstream(fresh / trial))
            throw fs::filesystem_error("", fresh, std::error_code(errno, std::generic_category()));
        replaceFolder(target, fresh);
        fs::remove(target / trial);
    } catch (const fs::filesystem_error& e) {
        std::error_code ignored;
        fs::remove_all(fresh, ignored);
        if (e.code() == std::errc::no_space_on_device) return;
        throw Error("cannot write checkpoints to " + out.string() + ": " + e.code().message() +
                    "; choose another --out");
    }
}

void saveCheckpoint(const LvrCheckpoint& checkpoint, const fs::path& from,
                    const Provenance& provenance, const fs::path& out, const WriteInto& alsoWrite,
                    const WriteInto& weights) {
    const fs::path target = fs::absolute(out).lexically_normal(), fresh = target.string() + ".new";
    const auto& model = checkpoint.model;
    const auto& rules = checkpoint.rules;
    try {
        fs::remove_all(fresh);
        fs::create_directories(fresh);
        if (weights)
            weights(fresh);
        else
            model.save(fresh);
        copyOtherFilesOfBoth(from, fresh);
        const bool isOurs = isLvr(rules.dialect) && rules.tokens.areThere();
        writeModelConfig(isOurs ? withTokens(model.config(), rules.tokens) : model.config(),
                         toText(model.dtype()), folderWith(from, "config.json"), fresh,
                         isOurs ? LvrFields::Written : LvrFields::LeftAlone);
        if (rules.tokens.areThere()) writeTokens(rules, fresh);
        if (!fs::exists(fresh / "generation_config.json"))
            writeGenerationConfig({.eosTokenIds = rules.stopIds, .padTokenId = rules.padId}, fresh);
        if (const auto& exit = provenance.defaultExit; !exit.empty())
            writeGenerationExit(parseExitRule(exit), fresh);
        writePreprocessor(checkpoint.preprocess, *model.config().backbone, fresh);
        auto sidecar = provenance;
        sidecar.dialect = dialectToSay(checkpoint, provenance, fresh);
        writeProvenance(sidecar, fresh);
        if (alsoWrite) alsoWrite(fresh);
        replaceFolder(target, fresh);
    } catch (const fs::filesystem_error& e) {
        throw Error("cannot save the checkpoint to " + out.string() + ": " + e.code().message() +
                    "; free some space or choose another --out");
    }
}

}  // namespace lvr
