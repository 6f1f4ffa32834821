#include "core/checkpoint/hf_folder.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "core/checkpoint/backbone.h"
#include "core/error.h"
#include "core/files/json_file.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kAdapterConfig = "adapter_config.json";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::size_t kMaxListed = 40;  // names in one message

bool isFile(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::vector<fs::path> foldersIn(const fs::path& parent) {
    std::vector<fs::path> folders;
    std::error_code failure;
    for (fs::directory_iterator it(parent, failure), end; !failure && it != end;
         it.increment(failure))
        if (isFolder(it->path())) folders.push_back(it->path());
    return folders;
}

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kMaxListed); ++i)
        text += (i ? ", " : "") + names[i];
    if (names.size() > kMaxListed)
        text += " and " + std::to_string(names.size() - kMaxListed) + " more";
    return text;
}

std::string toText(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

// A shard or snapshot name comes from a downloaded file and must stay inside its folder.
bool isPlainName(const std::string& name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
}

std::optional<fs::path> pathFrom(const char* variable) {
    const char* value = std::getenv(variable);
    if (!value || !*value) return std::nullopt;
    const std::string text = value;
    const char* home = std::getenv("HOME");
    if (home && (text == "~" || text.starts_with("~/"))) return fs::path(home + text.substr(1));
    return fs::path(text);
}

// As huggingface_hub does. Nothing when no variable, not even HOME, says where.
std::optional<fs::path> hubCache() {
    if (auto cache = pathFrom("HF_HUB_CACHE")) return cache;
    if (auto cache = pathFrom("HUGGINGFACE_HUB_CACHE")) return cache;
    if (const auto home = pathFrom("HF_HOME")) return *home / "hub";
    if (const auto cache = pathFrom("XDG_CACHE_HOME")) return *cache / "huggingface" / "hub";
    if (const auto home = pathFrom("HOME")) return *home / ".cache" / "huggingface" / "hub";
    return std::nullopt;
}

bool isRepoIdPart(const std::string& part) {
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_' || c == '.';
    };
    return isPlainName(part) && std::all_of(part.begin(), part.end(), allowed);
}

// "ORG/NAME" or "NAME" -> "models--ORG--NAME", the cache's folder name.
std::optional<std::string> cacheNameOf(const std::string& repoId) {
    const auto slash = repoId.find('/');
    if (slash == std::string::npos)
        return isRepoIdPart(repoId) ? std::optional("models--" + repoId) : std::nullopt;
    const auto organisation = repoId.substr(0, slash), name = repoId.substr(slash + 1);
    if (!isRepoIdPart(organisation) || !isRepoIdPart(name)) return std::nullopt;
    return "models--" + organisation + "--" + name;
}

std::string repoIdOf(const fs::path& cacheFolder) {
    auto name = cacheFolder.filename().string().substr(std::string("models--").size());
    if (const auto separator = name.find("--"); separator != std::string::npos)
        name.replace(separator, 2, "/");
    return name;
}

std::optional<fs::path> mainSnapshot(const fs::path& cacheFolder) {
    std::ifstream reference(cacheFolder / "refs" / "main");
    std::string revision;
    if (!(reference >> revision) || !isPlainName(revision)) return std::nullopt;
    const auto snapshot = cacheFolder / "snapshots" / revision;
    return isFile(snapshot / kConfig) ? std::optional(snapshot) : std::nullopt;
}

// What refs/main points to; the newest one when that is not there.
std::optional<fs::path> snapshotIn(const fs::path& cacheFolder) {
    if (auto snapshot = mainSnapshot(cacheFolder)) return snapshot;
    std::optional<fs::path> newest;
    fs::file_time_type newestTime{};
    for (const auto& snapshot : foldersIn(cacheFolder / "snapshots")) {
        std::error_code ignored;
        const auto time = fs::last_write_time(snapshot, ignored);
        if (!isFile(snapshot / kConfig) || (newest && time <= newestTime)) continue;
        newest = snapshot;
        newestTime = time;
    }
    return newest;
}

fs::path checkedFolder(const fs::path& folder) {
    if (isFile(folder / kConfig) || isFile(folder / kAdapterConfig)) return folder;
    throw Error("the folder " + folder.string() +
                " has no config.json; pass the folder of a Qwen2.5-VL, Qwen3-VL or LVR checkpoint");
}

fs::path findInHubCache(const std::string& repoId, const std::string& cacheName) {
    const auto cache = hubCache();
    const auto hint = "; pass a folder, or download it with: hf download " + repoId;
    if (!cache)
        throw Error("there is no folder " + repoId +
                    ", and neither HF_HOME nor HOME says where the hub cache is" + hint);
    const auto folder = *cache / cacheName;
    if (auto snapshot = snapshotIn(folder)) return *snapshot;
    if (isFolder(folder))
        throw Error(folder.string() + " holds no snapshot with a config.json" + hint);
    throw Error("there is no folder " + repoId + " and no such model in the hub cache " +
                cache->string() + hint);
}

// Shard file names by tensor name, with path parts refused.
std::map<std::string, std::string> readWeightMap(const fs::path& index) {
    const auto map = JsonFields::read(index).object("weight_map");
    if (!map) throw Error(index.string() + ": field 'weight_map' is missing");
    std::map<std::string, std::string> shardOf;
    for (const auto& tensor : map->keys()) {
        const auto shard = map->get<std::string>(tensor);
        if (!isPlainName(shard)) map->fail(tensor, "must be a file name without a path");
        shardOf[tensor] = shard;
    }
    return shardOf;
}

std::set<std::string> shardsOf(const std::map<std::string, std::string>& weightMap) {
    std::set<std::string> shards;
    for (const auto& [tensor, shard] : weightMap) shards.insert(shard);
    return shards;
}

bool hasAllShards(const fs::path& snapshot) {
    const auto index = readJsonOrNull(snapshot / kIndex);
    const auto map = index.find("weight_map");
    if (!index.is_object() || map == index.end() || !map->is_object()) return false;
    return !map->empty() && std::all_of(map->begin(), map->end(), [&](const Json& shard) {
        return shard.is_string() && isPlainName(shard) && isFile(snapshot / std::string(shard));
    });
}

bool looksComplete(const fs::path& snapshot) {
    const auto config = readJsonOrNull(snapshot / kConfig);
    const auto type = config.find("model_type");
    if (!config.is_object() || type == config.end() || !type->is_string()) return false;
    if (!findBackbone(type->get<std::string>())) return false;
    return isFile(snapshot / kWeights) || hasAllShards(snapshot);
}

void addTensors(const SafetensorsFile& shard, const fs::path& file,
                std::map<std::string, TensorView>& weights) {
    for (const auto& [name, view] : shard.tensors())
        if (!weights.emplace(canonicalName(name), view).second)
            throw Error(file.string() + ": tensor " + name +
                        " is there twice, in two shards or under its old and its new name");
}

void checkShardsExist(const std::set<std::string>& shards, const fs::path& folder) {
    std::vector<std::string> missing;
    for (const auto& shard : shards)
        if (!isFile(folder / shard)) missing.push_back(shard);
    if (!missing.empty())
        throw Error(folder.string() + " lacks " + listed(missing) + ", which " + kIndex +
                    " names; copy or download the rest of the checkpoint");
}

std::map<std::string, TensorView> openShards(const fs::path& folder) {
    const auto weightMap = readWeightMap(folder / kIndex);
    const auto names = shardsOf(weightMap);
    checkShardsExist(names, folder);
    std::map<std::string, TensorView> weights;
    std::map<std::string, SafetensorsFile> shards;
    for (const auto& name : names) {
        shards[name] = SafetensorsFile::open(folder / name);
        addTensors(shards[name], folder / name, weights);
    }
    std::vector<std::string> absent;
    for (const auto& [tensor, shard] : weightMap)
        if (!shards[shard].tensors().count(tensor))
            absent.push_back(std::string(tensor).append(" in ").append(shard));
    if (!absent.empty())
        throw Error((folder / kIndex).string() + " lists tensors that their shards do not hold: " +
                    listed(absent) + "; download the checkpoint again");
    return weights;
}

// "; 3 missing: a [4], b [4], c [4]", or nothing.
std::string category(const std::vector<std::string>& entries, const std::string& title) {
    if (entries.empty()) return "";
    return "; " + std::to_string(entries.size()) + " " + title + ": " + listed(entries);
}

}  // namespace

bool isFolder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

fs::path findCheckpoint(const std::string& folderOrRepoId) {
    const fs::path path = folderOrRepoId;
    if (isFolder(path)) return checkedFolder(path);
    std::error_code ignored;
    if (fs::exists(path, ignored))
        throw Error(folderOrRepoId + " is not a folder; pass the checkpoint folder it lies in");
    if (const auto cacheName = cacheNameOf(folderOrRepoId))
        return findInHubCache(folderOrRepoId, *cacheName);
    throw Error("there is no folder '" + folderOrRepoId +
                "'; pass a checkpoint folder or a repo id such as Qwen/Qwen2.5-VL-3B-Instruct");
}

std::string referenceTo(const fs::path& folder) {
    const auto path = fs::absolute(folder).lexically_normal();
    const auto snapshots = path.parent_path(), cached = snapshots.parent_path();
    if (snapshots.filename() == "snapshots" && cached.filename().string().starts_with("models--"))
        return repoIdOf(cached);
    return path.string();
}

std::vector<std::string> cachedCheckpoints() {
    std::vector<std::string> repoIds;
    const auto cache = hubCache();
    if (!cache) return repoIds;
    for (const auto& folder : foldersIn(*cache)) {
        if (!folder.filename().string().starts_with("models--")) continue;
        const auto snapshot = snapshotIn(folder);
        if (snapshot && looksComplete(*snapshot)) repoIds.push_back(repoIdOf(folder));
    }
    std::sort(repoIds.begin(), repoIds.end());
    return repoIds;
}

std::string canonicalName(const std::string& name) {
    for (const auto& [prefix, canonical] :
         {std::pair("model.visual.", "visual."), std::pair("model.language_model.", "model.")})
        if (name.starts_with(prefix)) return canonical + name.substr(std::string(prefix).size());
    return name;
}

std::map<std::string, TensorView> openWeights(const fs::path& folder) {
    if (isFile(folder / kWeights)) {
        std::map<std::string, TensorView> weights;
        addTensors(SafetensorsFile::open(folder / kWeights), folder / kWeights, weights);
        return weights;
    }
    if (isFile(folder / kIndex)) return openShards(folder);
    throw Error(folder.string() + " has neither " + kWeights + " nor " + kIndex +
                "; other formats such as pytorch_model.bin must be converted first");
}

void streamWeights(const Backbone& backbone, std::vector<TensorHeader> tensors,
                   const GiveTensor& give, const fs::path& folder) {
    for (auto& tensor : tensors) tensor.name = storedName(backbone, tensor.name);
    const auto giveCanonical = [&](const TensorHeader& tensor, const WriteBytes& write) {
        give({canonicalName(tensor.name), tensor.dtype, tensor.shape}, write);
    };
    streamSafetensors(folder / kWeights, std::move(tensors), giveCanonical, {{"format", "pt"}});
}

std::string checkWeights(const std::map<std::string, TensorView>& found,
                         const ExpectedTensors& expected, const fs::path& folder) {
    std::vector<std::string> missing, misshaped, unexpected;
    for (const auto& [name, shape] : expected) {
        const auto tensor = found.find(name);
        if (tensor == found.end())
            missing.push_back(name + " " + toText(shape));
        else if (tensor->second.shape != shape)
            misshaped.push_back(name + " is " + toText(tensor->second.shape) + " and should be " +
                                toText(shape));
    }
    for (const auto& [name, tensor] : found)
        if (!expected.count(name)) unexpected.push_back(name + " " + toText(tensor.shape));
    const auto problems = category(missing, "missing") + category(misshaped, "of the wrong shape");
    if (!problems.empty())
        throw Error("the weights in " + folder.string() + " do not fit its config.json" + problems +
                    category(unexpected, "unexpected"));
    return listed(unexpected);
}

std::optional<std::string> quantisationOf(const fs::path& folder) {
    const auto config = readJsonOrNull(folder / kConfig);
    for (const auto* field : {"quantization_config", "compression_config"}) {
        if (!config.is_object() || !config.contains(field) || config[field].is_null()) continue;
        const auto& said = config[field];
        if (said.is_object() && said.contains("quant_method") && said["quant_method"].is_string())
            return said["quant_method"].get<std::string>();
        const bool byFlag = said.is_object() && (said.value("load_in_4bit", Json()) == true ||
                                                 said.value("load_in_8bit", Json()) == true);
        return byFlag ? "bitsandbytes" : "a method it does not name";
    }
    for (const auto& [file, method] :
         {std::pair("quantize_config.json", "gptq"), std::pair("quant_config.json", "awq")})
        if (isFile(folder / file)) return method;
    return std::nullopt;
}

std::vector<std::string> unusedParts(const fs::path& folder) {
    std::vector<std::string> sentences;
    const auto say = [&](const std::string& what) {
        sentences.push_back(folder.string() + " " + what);
    };
    const bool isAdapter = isFile(folder / kAdapterConfig);
    const bool whole = isFile(folder / kWeights), sharded = isFile(folder / kIndex);
    if (isAdapter && (whole || sharded))
        say(std::string("is an adapter; the weights in its ") + (whole ? kWeights : kIndex) +
            " are not used, but those of the model it adapts");
    else if (whole && sharded)
        say(std::string("holds both ") + kWeights + " and " + kIndex +
            "; the former is used, as transformers does");
    if (isFile(folder / "non_lora_state_dict.bin"))
        say("holds non_lora_state_dict.bin, weights that were trained beside an adapter; they are "
            "not read, so the answers are not that training's");
    const auto config = readJsonOrNull(folder / kConfig);
    if (config.is_object() && config.contains("auto_map"))
        say("brings code of its own (auto_map in config.json), which is not run");
    return sentences;
}

std::vector<std::string> unreadFiles(const fs::path& folder) {
    static constexpr std::string_view kReadHere[] = {kConfig,
                                                     kIndex,
                                                     kAdapterConfig,
                                                     "added_tokens.json",
                                                     "chat_template.jinja",
                                                     "chat_template.json",
                                                     "generation_config.json",
                                                     "lvr_workbench.json",
                                                     "merges.txt",
                                                     "preprocessor_config.json",
                                                     "processor_config.json",
                                                     "special_tokens_map.json",
                                                     "tokenizer.json",
                                                     "tokenizer_config.json",
                                                     "train_state.safetensors",
                                                     "vocab.json"};
    static constexpr std::string_view kForPeople[] = {".md", ".txt", ".png", ".jpg", ".jpeg", ""};
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const auto name = entry.path().filename().string();
        const auto ending = entry.path().extension().string();
        const bool isShard = (name.starts_with("model") || name.starts_with("adapter_model")) &&
                             ending == ".safetensors";
        const auto among = [](const auto& list, const std::string& one) {
            return std::find(std::begin(list), std::end(list), one) != std::end(list);
        };
        if (entry.is_regular_file() && !isShard && !among(kReadHere, name) &&
            !among(kForPeople, ending))
            names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace lvr
